#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// Returns the sum of all elements, a scalar.
[[nodiscard]] Var sum(Var x);
/// Sums along one axis, which is removed, or has size 1 with `keep_dims`. Throws ShapeError if there is no such axis.
[[nodiscard]] Var sum(Var x, int axis, bool keep_dims = false);

/// Return the mean of all elements, or along one axis. Throw ShapeError if there are no elements.
[[nodiscard]] Var mean(Var x);
[[nodiscard]] Var mean(Var x, int axis, bool keep_dims = false);

/// Return the largest element, or the largest elements along one axis (`max` is the pointwise function of two values).
/// The gradient goes to the first of several equal elements. Throw ShapeError if there are no elements.
[[nodiscard]] Var reduce_max(Var x);
[[nodiscard]] Var reduce_max(Var x, int axis, bool keep_dims = false);

}  // namespace recur
