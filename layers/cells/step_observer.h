#pragma once

#include <recur/framework/autodiff/var.h>

#include <span>
#include <string_view>

namespace recur {

/// Looks on while an RNN runs a cell: `rnn.observe(&observer)`. It must live as long as the RNN does, or until it is taken away.
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  /// A call of the RNN begins.
  virtual void begin(const Tape& /*tape*/) {}
  /// A gate of the cell at the step that `step` will be called for next: its name and its values `[batch, units]`, which must not
  /// be kept. Cells of one's own tell of their gates with `observe_gates` (layers/cells/gates.h).
  virtual void gate(std::string_view /*name*/, Var /*values*/) {}
  /// After step `t` (from 0, in the order of processing) of cell number `layer` of a stack: the states it ended with, before a
  /// mask undoes some. Others may be put in their place, such as `on_gradient` of them. Of a checkpointed RNN each step is seen
  /// once, when it is recorded: block by block from the last, in `backward`.
  virtual void step(Index layer, Index t, std::span<Var> states) = 0;
};

}  // namespace recur
