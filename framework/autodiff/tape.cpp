#include <recur/framework/autodiff/tape.h>

#include <recur/framework/recurrence/leaf_slot.h>
#include <recur/framework/recurrence/output_placement.h>
#include <recur/framework/threads/in_parts.h>

#include <algorithm>

namespace recur {
namespace {

// Five cache lines between large buffers; see Arena.
constexpr std::size_t value_colour = 320;

struct Flush {
  detail::LeafSlot* slot;
  Tape* tape;
  void operator()() const { slot->finish(*tape); }
  [[nodiscard]] std::string name() const { return "the parameter " + slot->parameter->name(); }
};

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
    node->value = values_.allocate(node->bytes(dtype_));
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
