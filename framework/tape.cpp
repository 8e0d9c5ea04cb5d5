#include <recur/framework/tape.h>

#include <recur/framework/in_parts.h>
#include <recur/framework/leaf_slot.h>
#include <recur/framework/ops/axis.h>
#include <recur/framework/output_placement.h>
#include <recur/framework/parallel.h>

#include <algorithm>
#include <cstring>

namespace recur {
namespace {

// Five cache lines between large buffers; see Arena.
constexpr std::size_t value_colour = 320;

std::size_t bytes_of(const detail::Node& node, DType dtype) {
  return static_cast<std::size_t>(node.shape.rows() * node.stride) * size_of(dtype);
}

struct Flush {
  detail::LeafSlot* slot;
  Tape* tape;
  void operator()() const { slot->finish(*tape); }
  [[nodiscard]] std::string name() const { return "the parameter " + slot->parameter->name(); }
};

void check_wanted(Var y) {
  require<StateError>(y.wants_gradient(),
                      "Tape::backward: nothing the {} value depends on wants a gradient (was recording off?)",
                      y.shape());
}

}  // namespace

Tape::Tape(DType dtype, std::uint64_t seed) : dtype_(dtype), values_(value_colour), generator_(seed) {}
Tape::~Tape() = default;

detail::Node* Tape::new_node(const Shape& shape) {
  auto* const node = nodes_.make<detail::Node>();
  node->tape = this;
  node->shape = shape;
  node->stride = shape.cols();
  node->depth = depth_;
  return node;
}

Var Tape::output(const Shape& shape, bool wanted, Index stride) {
  Var result;
  if (placement_ != nullptr) result = placement_->place(shape, wanted && recording_);
  if (!result.defined()) {
    detail::Node* const node = new_node(shape);
    node->stride = stride;
    node->value = values_.allocate(bytes_of(*node, dtype_));
    node->wanted = wanted && recording_;
    result = Var(node);
  }
  if (placement_ != nullptr) placement_->made(result.node());
  return result;
}

Var Tape::view(Var base, Index offset, const Shape& shape, Index stride) {
  detail::Node* const node = new_node(shape);
  detail::Node* const seen = base.node();
  node->base = &seen->root();
  node->offset = seen->offset + offset;
  node->value = static_cast<std::byte*>(seen->value) + static_cast<std::size_t>(offset) * size_of(dtype_);
  node->stride = stride;
  node->wanted = seen->wanted;
  return Var(node);
}

template <class From>
Var Tape::copied(Shape shape, std::span<const From> values) {
  require(static_cast<Index>(values.size()) == shape.count(), "Tape::constant: {} values for shape {}", values.size(),
          shape);
  const Var result = output(shape, false);
  dispatch(dtype_, [&]<class T>() {
    detail::in_parts(result.size(), 1, [&, to = result.mutable_value<T>().data](Index first, Index count) {
      std::transform(values.data() + first, values.data() + first + count, to + first,
                     [](From value) { return static_cast<T>(value); });
    });
  });
  return result;
}

Var Tape::constant(Shape shape, std::span<const float> values) { return copied(shape, values); }
Var Tape::constant(Shape shape, std::span<const double> values) { return copied(shape, values); }
Var Tape::constant(Shape shape, std::span<const Dual> values) { return copied(shape, values); }
Var Tape::constant(const Array& array) {
  return dispatch(array.dtype(), [&]<class T>() { return copied(array.shape(), array.as<T>().values()); });
}

Var Tape::borrow(Shape shape, DType dtype, const void* values) {
  require<StateError>(dtype == dtype_, "Tape::borrow: {} values on a tape of {} (use constant, which converts)",
                      name(dtype), name(dtype_));
  detail::Node* const node = new_node(shape);
  node->value = const_cast<void*>(values);  // no operation writes to its operands
  return Var(node);
}

Var Tape::filled(Shape shape, double value) {
  const Var result = output(shape, false);
  dispatch(dtype_,
           [&]<class T>() { std::fill_n(result.mutable_value<T>().data, result.size(), static_cast<T>(value)); });
  return result;
}

Var Tape::want_gradient(Var x) {
  x.node()->wanted = true;
  x.node()->kept = true;
  return x;
}

Var Tape::gradient_at(Var y) {
  detail::Node* const node = new_node(y.shape());
  node->value = dispatch(dtype_, [&]<class T>() -> void* { return y.adjoint<T>().data; });
  node->borrowed = true;
  node->stride = y.node()->stride;
  return Var(node);
}

Var Tape::detach(Var x) {
  if (dtype_ == DType::dual) return constant(x.shape(), std::span<const double>(x.to_doubles()));
  const Var result = view(x, 0, x.shape(), x.node()->stride);
  result.node()->wanted = false;
  return result;
}

Var Tape::shadow(Var x) {
  detail::settle_rows();  // this value knows nothing of rows on their way
  detail::Node* const node = new_node(x.shape());
  node->value = x.node()->value;
  return want_gradient(Var(node));
}

void Tape::reserve_gradient(Var x) {
  detail::Node& root = x.node()->root();
  if (root.adjoint == nullptr) new_adjoint(root);
}

Var Tape::leaf(Parameter& parameter) {
  detail::LeafSlot* found = nullptr;
  // Cells use their parameters in the same order at every step, so the next one is nearly always the right one.
  for (std::size_t tried = 0; tried < leaves_.size() && found == nullptr; ++tried) {
    if (leaves_[last_leaf_]->is_of(parameter)) found = leaves_[last_leaf_].get();
    else last_leaf_ = last_leaf_ + 1 == leaves_.size() ? 0 : last_leaf_ + 1;
  }
  if (found != nullptr && found->node != nullptr) return Var(found->node);

  require<StateError>(parameter.created(), "Tape::leaf: parameter '{}' was not created (build the layer first)",
                      parameter.name());
  require<StateError>(parameter.dtype() == dtype_ || dtype_ == DType::dual,
                      "Tape::leaf: parameter '{}' is {}, the tape {} (build both alike)", parameter.name(),
                      recur::name(parameter.dtype()), recur::name(dtype_));
  if (found == nullptr) {
    leaves_.push_back(std::make_unique<detail::LeafSlot>());
    last_leaf_ = leaves_.size() - 1;
    found = leaves_.back().get();
    found->parameter = &parameter;
    if (dtype_ == DType::float64) found->typed.emplace<detail::TypedLeaf<double>>();
  }
  detail::Node* const node = new_node(parameter.shape());
  if (dtype_ == DType::dual) {
    copy_parameter(*node, parameter);
  } else {
    node->value = const_cast<void*>(parameter.value().data());
    node->adjoint = parameter.gradient.data();
  }
  node->leaf = found;
  found->remember(*node);
  node->wanted = parameter.trainable && !frozen_;
  node->kept = true;
  found->age = leaf_age_++;
  // First in, so last to run backwards: by then every use has left its part of the gradient.
  on_backward(Var(node), Flush{found, this});
  return Var(node);
}

// Parameters are not dual: the tape has its own copy, and its own gradient.
void Tape::copy_parameter(detail::Node& node, const Parameter& parameter) {
  const auto values = values_.array<Dual>(parameter.size());
  const auto gradient = values_.array<Dual>(parameter.size());
  dispatch_real(parameter.dtype(), [&]<class T>() {
    const auto from = parameter.value().as<T>().values();
    std::transform(from.begin(), from.end(), values.begin(), [](T value) { return Dual(value); });
  });
  std::fill(gradient.begin(), gradient.end(), Dual{});
  node.value = values.data();
  node.adjoint = gradient.data();
}

Var Tape::leaf(Parameter& parameter, const Array& tangent) {
  require<StateError>(dtype_ == DType::dual, "Tape::leaf: a tangent for parameter '{}' on a tape of {}",
                      parameter.name(), recur::name(dtype_));
  require(tangent.shape() == parameter.shape(), "Tape::leaf: tangent {} for parameter '{}' {}", tangent.shape(),
          parameter.name(), parameter.shape());
  const std::size_t before = records_.size();
  const Var result = leaf(parameter);
  require<StateError>(records_.size() > before, "Tape::leaf: parameter '{}' is in use already; its tangent comes first",
                      parameter.name());
  const std::vector<double> direction = tangent.to_doubles();
  Dual* const values = result.mutable_value<Dual>().data;
  for (std::size_t i = 0; i < direction.size(); ++i) values[i].tangent = direction[i];
  return result;
}

bool Tape::claim_rows(detail::Node& root, Index first, Index last) {
  if (root.adjoint == nullptr) new_adjoint(root);
  const bool blank = root.blank_begin <= first && first < last && last <= root.blank_end;
  if (blank && last == root.blank_end) {
    root.blank_end = first;
  } else if (blank && first == root.blank_begin) {
    root.blank_begin = last;
  } else {
    fill_blank_rows(root);
    return false;
  }
  return true;
}

void Tape::fill_blank_rows(detail::Node& root) {
  if (root.blank_begin >= root.blank_end) return;
  detail::settle_rows();
  const std::size_t row = static_cast<std::size_t>(root.stride) * size_of(dtype_);
  std::memset(static_cast<std::byte*>(root.adjoint) + static_cast<std::size_t>(root.blank_begin) * row, 0,
              static_cast<std::size_t>(root.blank_end - root.blank_begin) * row);
  root.blank_end = root.blank_begin;
}

// Before an operation reads the gradient of its output: no part of it may be left blank.
void Tape::complete_adjoint(detail::Node& output) {
  detail::Node& root = output.root();
  if (root.adjoint == nullptr || root.blank_begin >= root.blank_end) return;
  const Index first = output.offset / root.stride;
  const Index last = (output.offset + output.stride * output.shape.rows() + root.stride - 1) / root.stride;
  if (first < root.blank_end && last > root.blank_begin) fill_blank_rows(root);
}

void Tape::new_adjoint(detail::Node& root) {
  require<StateError>(root.depth == depth_,
                      "checkpoint: a gradient arrives at a {} value from outside that is not among the inputs",
                      root.shape);
  root.blank_begin = 0;
  root.blank_end = root.shape.rows();
  const std::size_t bytes = bytes_of(root, dtype_);
  for (FreeList& list : free_)
    if (list.bytes == bytes && list.buffers.size() > list.own) {
      const SpareBuffer buffer = list.buffers.back();
      list.buffers.pop_back();
      // Who uses other rows of it than those before has to wait for these.
      if (buffer.stride == root.stride) root.adjoint_rows = buffer.rows;
      else if (detail::in_row_phase(buffer.rows.phase)) detail::settle_rows();
      point(root.adjoint, buffer.memory);
      return;
    }
  point(root.adjoint, values_.allocate(bytes));
}

void Tape::free_adjoint(detail::Node& root) {
  if (root.kept || root.adjoint == nullptr) return;
  const std::size_t bytes = bytes_of(root, dtype_);
  auto list = std::find_if(free_.begin(), free_.end(), [&](const FreeList& l) { return l.bytes == bytes; });
  if (list == free_.end()) list = free_.insert(free_.end(), FreeList{bytes, {}});
  list->buffers.push_back({root.adjoint, root.stride, root.adjoint_rows});
  root.adjoint = nullptr;
  root.adjoint_rows = {};
}

void Tape::release(detail::Node& root) {
  if (--root.holds >= 0) return;
  root.holds = 0;  // there may be another backward pass
  free_adjoint(root);
}

void Tape::propagate() {
  for (const auto& leaf : leaves_) leaf->sums.drop();  // of a pass that was given up
  with_team(static_cast<Index>(records_.size()), [this] { run_backwards(0); });
}

void Tape::run_backwards(std::size_t first_record) {
  // A buffer is given back once the operation that made the value has used it (`holds` goes below zero), unless a weight
  // gradient still waits for it; LeafSlot::flush then gives it back.
  for (std::size_t i = records_.size(); i-- > first_record;) {
    const detail::Record record = records_[i];  // a copy: on a detour more are recorded
    bool reached = false;
    for (detail::Node* n = record.output; n != nullptr; n = n->sibling) reached |= n->root().adjoint != nullptr;
    if (!reached) continue;
    for (detail::Node* n = record.output; n != nullptr; n = n->sibling) complete_adjoint(*n);
    if (before_ != nullptr && record.output->leaf != nullptr) record.output->leaf->finish(*this);
    if (before_ != nullptr) (*before_)(record);
    record.operation->run(record.closure);
    for (detail::Node* n = record.output; n != nullptr; n = n->sibling)
      if (n->base == nullptr) release(*n);
  }
  detail::settle_rows();
}

void Tape::backward(Var loss) {
  require(loss.size() == 1, "Tape::backward: shape {} is not a single number (reduce it with sum or mean first)",
          loss.shape());
  check_wanted(loss);
  dispatch(dtype_, [&]<class T>() { *loss.add_gradient<T>().data += T{1}; });
  propagate();
}

void Tape::backward(Var loss, const std::function<void(const detail::Record&)>& before) {
  before_ = &before;
  try {
    backward(loss);
  } catch (...) {
    before_ = nullptr;
    throw;
  }
  before_ = nullptr;
}

void Tape::backward(Var y, const Array& seed) {
  check_wanted(y);
  require(seed.shape() == y.shape(), "Tape::backward: seed {} for a value of shape {}", seed.shape(), y.shape());
  if (dtype_ == DType::dual && seed.dtype() != DType::dual) {
    Array own(seed.shape(), dtype_);
    own.assign(seed);
    return backward(y, own);
  }
  dispatch(dtype_, [&]<class T>() { detail::put_long_rows<T>(seed.as<T>().matrix(), y.claim_gradient<T>()); });
  propagate();
}

void Tape::rewind(const Mark& mark) {
  detail::settle_rows();  // what they use is given up here
  for (; changes_.size() > mark.changes; changes_.pop_back())
    changes_.back().undo(changes_.back().pointer, changes_.back().before);
  values_.rewind(mark.values);
  nodes_.rewind(mark.nodes);
  records_.resize(mark.records);
  for (const auto& leaf : leaves_) {
    leaf->forget();
    if (leaf->age >= mark.leaf_age) leaf->node = nullptr;
  }
  for (FreeList& list : free_) list.buffers.resize(list.own);
}

void Tape::reset() {
  changes_.clear();  // nothing is left that could point anywhere
  rewind(Mark{});
}

}  // namespace recur
