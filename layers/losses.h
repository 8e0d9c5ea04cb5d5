#pragma once

#include <recur/framework/autodiff/tape.h>
#include <recur/framework/ops/cross_entropy.h>

namespace recur {

// Losses are single numbers: the mean over all elements, which is Keras's mean over the last axis and then over the
// samples. The cross-entropies take logits and are in framework/ops/cross_entropy.h.

/// mean (y - t)². Throws ShapeError unless prediction y and target t have equal shapes.
[[nodiscard]] Var mean_squared_error(Var prediction, Var target);
/// mean |y - t|. Throws ShapeError unless shapes are equal.
[[nodiscard]] Var mean_absolute_error(Var prediction, Var target);
/// Mean of (y - t)²/2 where |y - t| <= delta and of delta·(|y - t| - delta/2) elsewhere (Huber 1964). Throws ShapeError
/// unless shapes are equal, ValueError if delta <= 0.
[[nodiscard]] Var huber(Var prediction, Var target, double delta = 1);

/// Adds weight·loss to a sum of losses, which is undefined before its first term.
void add_loss(Var& sum, Var loss, double weight = 1);

}  // namespace recur
