#pragma once

#include <recur/framework/autodiff/var.h>

#include <span>

namespace recur::detail {

/// Returns the shape to which all operands of a fused expression are broadcast: a scalar, one row or one column is
/// repeated. Throws ShapeError if shapes do not fit.
[[nodiscard]] Shape broadcast_shape(std::span<const Var> operands);

}  // namespace recur::detail
