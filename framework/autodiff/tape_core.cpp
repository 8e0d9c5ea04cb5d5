#include <recur/framework/autodiff/tape_core.h>

#include <recur/framework/autodiff/products.h>

#include <algorithm>

namespace recur::detail {
namespace {

// Five cache lines between large buffers; see Arena.
constexpr std::size_t value_colour = 320;
// Nodes and closures are small: closer together they take fewer cache lines.
constexpr std::size_t node_alignment = 16;

// The record of a parameter: the first on the tape that concerns it, so the last to run backwards. By then every use
// has left its part of the gradient.
struct FinishLeaf {
  ParameterSlot* leaf;
  TapeCore* tape;
  void operator()() const { add_pending_products(*leaf, *tape); }
  [[nodiscard]] std::string name() const { return "the parameter " + leaf->parameter->name(); }
};

}  // namespace

void refuse_foreign(const char* function, Var a, Var b) {
  fail<ForeignVar>("{}: operands {} and {} live on different tapes", function, a.shape(), b.shape());
}

void TapeCore::refuse_lent() {
  fail<ForeignVar>("Tape: a value of this tape is used while the rows of a batch are divided over other tapes");
}

TapeCore::TapeCore(Tape& tape, DType dtype)
    : tape_(&tape), dtype_(dtype), values_(value_colour), nodes_(0, node_alignment) {}
TapeCore::~TapeCore() = default;

Var TapeCore::output(const Shape& shape, bool wanted, Index stride) {
  Node* const node = new_node(shape, stride);
  node->value = values_.allocate(node->bytes(dtype_));
  node->wanted = wanted && recording_;
  return Var(node);
}

Var TapeCore::view(Var base, Index offset, const Shape& shape, Index stride) {
  Node* const seen = base.node();
  Node* const node = new_node(shape, stride);
  node->base = &seen->root();
  node->value = static_cast<std::byte*>(seen->value) + static_cast<std::size_t>(offset) * size_of(dtype_);
  node->wanted = seen->wanted;
  return Var(node);
}

Var TapeCore::shadow(Var x) {
  Node* const node = new_node(x.shape(), x.cols());
  node->value = x.node()->value;
  return want_gradient(Var(node));
}

Var TapeCore::gradient_at(Var y) {
  Node* const node = new_node(y.shape(), y.node()->stride);
  node->value = y.node()->gradient_data();
  return Var(node);
}

Var TapeCore::want_gradient(Var x) const {
  x.node()->wanted = true;
  x.node()->kept = true;
  return x;
}

Var TapeCore::leaf_of(Parameter& parameter) {
  ParameterSlot* leaf = leaves_.find(parameter);
  if (leaf != nullptr && leaf->node != nullptr) return Var(leaf->node);
  require<StateError>(parameter.created(), "Tape::leaf: parameter '{}' was not created (build the layer first)",
                      parameter.name());
  require<StateError>(parameter.dtype() == dtype_ || dtype_ == DType::dual,
                      "Tape::leaf: parameter '{}' is {}, the tape {} (build both alike)", parameter.name(),
                      recur::name(parameter.dtype()), recur::name(dtype_));
  if (leaf == nullptr) leaf = &leaves_.add(parameter);
  Node* const node = new_node(parameter.shape(), parameter.shape().cols());
  if (dtype_ == DType::dual) {
    copy_parameter(*node, parameter);
  } else {
    node->value = const_cast<void*>(parameter.value().data());  // no operation writes to its operands
    use_gradient_of(*node, *leaf);
  }
  leaf->remember(*node);
  node->wanted = parameter.trainable && !frozen_;
  node->kept = true;
  leaf->age = leaves_.next_age();
  on_backward(Var(node), FinishLeaf{leaf, this});
  return Var(node);
}

void TapeCore::use_gradient_of(Node& node, ParameterSlot& leaf) const {
  const Parameter& parameter = *leaf.parameter;
  leaf.apart = apart_;
  if (apart_) {
    Array& own = leaf.own_gradient;
    if (own.shape() != parameter.shape() || own.dtype() != parameter.dtype()) {
      own = Array(parameter.shape(), parameter.dtype());
      own.fill(-0.0);
    }
    leaf.dirty = true;
  }
  node.gradient = leaf.gradient().data();
}

// Parameters are not dual: the tape has its own copy, and its own gradient.
void TapeCore::copy_parameter(Node& node, const Parameter& parameter) {
  const auto values = values_.array<Dual>(parameter.size());
  const auto gradient = values_.array<Dual>(parameter.size());
  dispatch_real(parameter.dtype(), [&]<class T>() {
    const auto from = parameter.value().as<T>().values();
    std::transform(from.begin(), from.end(), values.begin(), [](T value) { return Dual(value); });
  });
  std::fill(gradient.begin(), gradient.end(), Dual{});
  node.value = values.data();
  node.gradient = gradient.data();
}

TapeCore::Mark TapeCore::mark() const {
  return {values_.mark(),  nodes_.mark(), records_.size(),
          changes_.size(), leaves_.age(), attachment_ == nullptr ? 0 : attachment_->mark()};
}

void TapeCore::rewind(const Mark& mark) {
  for (; changes_.size() > mark.changes; changes_.pop_back())
    changes_.back().undo(changes_.back().pointer, changes_.back().before);
  if (attachment_ != nullptr) attachment_->rewind(mark.attachment);
  values_.rewind(mark.values);
  nodes_.rewind(mark.nodes);
  records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(mark.records), records_.end());
  leaves_.rewind(mark.leaf_age);
  spare_.clear();
}

void TapeCore::begin_nested(Nested& nested, bool record) {
  finish_leaves();
  nested.spare = list<GradientMemory::List>(static_cast<Index>(spare_.sizes()));
  spare_.set_aside(nested.spare);
  nested.mark = mark();
  nested.outer = std::exchange(nested_, &nested);
  nested.recording = std::exchange(recording_, record);
  nested.will_recompute = will_recompute_;
  will_recompute_ = !record && (nested.recording || nested.will_recompute);
}

void TapeCore::end_nested(const Nested& nested) {
  rewind(nested.mark);
  spare_.put_back(nested.spare);
  nested_ = nested.outer;
  recording_ = nested.recording;
  will_recompute_ = nested.will_recompute;
}

}  // namespace recur::detail
