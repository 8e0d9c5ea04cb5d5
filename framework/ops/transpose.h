#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// Swaps two axes: `transpose(x, 0, 1)` turns `[batch, time, features]` into `[time, batch, features]`. Copies. Throws
/// ShapeError if there is no such axis.
[[nodiscard]] Var transpose(Var x, int axis_a, int axis_b);

/// Returns the transpose of a matrix. As operand of a product use `Transpose` (framework/autodiff/linear.h), which does
/// not copy. Throws ShapeError unless x has two axes.
[[nodiscard]] Var transpose(Var x);

/// Returns x with the positions of one axis in reverse order. Throws ShapeError if there is no such axis.
[[nodiscard]] Var reverse(Var x, int axis);

}  // namespace recur
