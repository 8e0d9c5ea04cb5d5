#include <recur/framework/recurrence/output_placement.h>

#include <algorithm>
#include <utility>

namespace recur {

OutputPlacement::OutputPlacement(Tape& tape) : tape_(tape), outer_(tape.placement_) { tape_.placement_ = this; }
OutputPlacement::~OutputPlacement() { tape_.placement_ = outer_; }

OutputPlacement::Aside::Aside(Tape& tape) : tape_(tape), placement_(std::exchange(tape.placement_, nullptr)) {}
OutputPlacement::Aside::~Aside() { tape_.placement_ = placement_; }

void OutputPlacement::learn() {
  seen_ = tape_.list<detail::Node*>(most_outputs);
  made_ = 0;
  learning_ = true;
}

bool OutputPlacement::learnt(Var result) {
  learning_ = false;
  const auto seen = seen_.first(static_cast<std::size_t>(std::min(made_, most_outputs)));
  const auto found = std::find(seen.begin(), seen.end(), result.node());
  result_ = found == seen.end() ? unknown : found - seen.begin();
  return result_ != unknown;
}

void OutputPlacement::begin(Var place) {
  made_ = 0;
  place_ = place;
}

Var OutputPlacement::place(const Shape& shape, bool wanted) {
  if (!place_.defined() || made_ != result_ || place_.shape() != shape || place_.wants_gradient() != wanted) return {};
  return place_;
}

void OutputPlacement::made(detail::Node* node) {
  if (learning_ && made_ < most_outputs) seen_[static_cast<std::size_t>(made_)] = node;
  ++made_;
}

}  // namespace recur
