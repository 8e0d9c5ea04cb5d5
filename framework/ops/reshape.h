#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// The same numbers in the same order under another shape: a view where the memory allows it, which is always except for
/// parts of rows (a gate that was split from a product).
/// @throws ShapeError when the number of elements differs.
[[nodiscard]] Var reshape(Var x, Shape shape);

}  // namespace recur
