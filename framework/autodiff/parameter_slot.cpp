#include <recur/framework/autodiff/parameter_slot.h>

namespace recur::detail {

void ParameterSlot::remember(Node& made) {
  node = &made;
  values = parameter->value().data();
  gradients = parameter->gradient.data();
  version = parameter->version();
  extra.leaf = this;
  made.extra = &extra;
}

ParameterSlot* ParameterSlots::find(const Parameter& parameter) {
  // Cells use their parameters in one order at every step, so the leaf after the last one found is nearly always the
  // right one.
  for (std::size_t tried = 0; tried < leaves_.size(); ++tried) {
    if (leaves_[last_]->is_of(parameter)) return leaves_[last_].get();
    last_ = last_ + 1 == leaves_.size() ? 0 : last_ + 1;
  }
  return nullptr;
}

ParameterSlot& ParameterSlots::add(Parameter& parameter) {
  leaves_.push_back(std::make_unique<ParameterSlot>());
  last_ = leaves_.size() - 1;
  leaves_.back()->parameter = &parameter;
  return *leaves_.back();
}

void ParameterSlots::rewind(std::uint64_t age) {
  for (const auto& leaf : leaves_) {
    leaf->drop();
    if (leaf->age >= age) leaf->node = nullptr;
  }
}

}  // namespace recur::detail
