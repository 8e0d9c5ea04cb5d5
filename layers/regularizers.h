#pragma once

#include <recur/framework/autodiff/parameter.h>
#include <recur/framework/autodiff/tape.h>

#include <span>

namespace recur {

/// A penalty on large weights or outputs, to be added to the loss: l1·Σ|w| + l2·Σw² (Keras's L1L2: sums, no factor
/// 1/2).
struct Regularizer {
  double l1 = 0;
  double l2 = 0;

  [[nodiscard]] explicit operator bool() const { return l1 != 0 || l2 != 0; }
  /// Returns the penalty of a value as a single number.
  [[nodiscard]] Var operator()(Var x) const;
  friend bool operator==(const Regularizer&, const Regularizer&) = default;
};

/// Return regularizers with Keras's names and defaults: penalty l1·Σ|w| + l2·Σw².
[[nodiscard]] inline Regularizer l1(double factor = 0.01) { return {factor, 0}; }
[[nodiscard]] inline Regularizer l2(double factor = 0.01) { return {0, factor}; }
[[nodiscard]] inline Regularizer l1_l2(double l1 = 0.01, double l2 = 0.01) { return {l1, l2}; }

/// Adds a term to a sum of penalties. Either may be undefined.
void add_penalty(Var& total, Var term);

/// Returns the sum of the parameters' penalties (`Parameter::l1`, `l2`); 0 if there are none. Add it to the loss.
/// Parameters that are not trainable have a penalty too, as in Keras. A parameter that is listed twice counts once.
[[nodiscard]] Var penalty(Tape& tape, std::span<const NamedParameter> parameters);

/// Returns a loss plus the penalties of `parameters` and that of outputs, which a model returns beside its output;
/// undefined: none.
[[nodiscard]] Var with_penalties(Var loss, std::span<const NamedParameter> parameters, Var of_outputs);

}  // namespace recur
