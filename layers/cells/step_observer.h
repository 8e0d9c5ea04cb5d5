#pragma once

#include <recur/framework/autodiff/var.h>

#include <span>
#include <string_view>

namespace recur {

/// Observes an RNN while it runs a cell: `rnn.observe(&observer)`. Must live until the RNN is destroyed or
/// `observe(nullptr)` is called.
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  /// Called when a call of the RNN begins.
  virtual void begin(const Tape& /*tape*/) {}
  /// Called with a gate of the cell before `step` is called for that step: its name and its values `[batch, units]`,
  /// which must not be kept. Cells call it through `observe_gates` (layers/cells/gates.h).
  virtual void gate(std::string_view /*name*/, Var /*values*/) {}
  /// Called after step `t` (from 0, in the order of processing) of cell number `layer` of a stack, with the states of
  /// the step before a mask is applied. It may replace states, by `on_gradient` of them for example. A checkpointed RNN
  /// calls it once for each step, when the step is recorded: in `backward`, from the last block to the first.
  virtual void step(Index layer, Index t, std::span<Var> states) = 0;
};

}  // namespace recur
