#include <recur/framework/autodiff/nested_tape.h>

#include <recur/framework/threads/parallel.h>

namespace recur {

void NestedTape::propagate() {
  const std::size_t first = state_.mark.records;
  with_team(static_cast<Index>(tape_.size() - first), [&] {
    tape_.run_backwards(first);
    tape_.finish_leaves();  // a parameter used before the nested tape began has its record there
  });
}

}  // namespace recur
