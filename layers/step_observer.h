#pragma once

#include <recur/framework/var.h>

#include <span>

namespace recur {

/// Looks on while an RNN runs a cell: `rnn.observe(&observer)`. It must live as long as the RNN does, or until it is taken away.
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  /// After step `t` (from 0, in the order of processing) of cell number `layer` of a stack: the states it ended with, before a
  /// mask undoes some. Others may be put in their place, such as `on_gradient` of them.
  virtual void step(Index layer, Index t, std::span<Var> states) = 0;
};

}  // namespace recur
