#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// Returns the elements of x in their order with another shape. The result is a view of x, or a copy if x has gaps
/// between its rows, as a part of `split` has. Throws ShapeError if the number of elements differs.
[[nodiscard]] Var reshape(Var x, Shape shape);

}  // namespace recur
