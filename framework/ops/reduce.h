#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// The sum of all elements, a scalar.
[[nodiscard]] Var sum(Var x);
/// Sums along one axis, which disappears, or keeps size 1 with `keep_dims`. @throws ShapeError when there is no such axis.
[[nodiscard]] Var sum(Var x, int axis, bool keep_dims = false);

/// The mean of all elements, or along one axis. @throws ShapeError when there is nothing to take the mean of.
[[nodiscard]] Var mean(Var x);
[[nodiscard]] Var mean(Var x, int axis, bool keep_dims = false);

/// The largest element, or those along one axis (`max` is the pointwise one of two values). The gradient goes to the first of
/// several equal ones. @throws ShapeError when there is nothing to choose from.
[[nodiscard]] Var reduce_max(Var x);
[[nodiscard]] Var reduce_max(Var x, int axis, bool keep_dims = false);

}  // namespace recur
