#pragma once

#include <recur/framework/autodiff/var.h>

#include <span>

namespace recur::detail {

/// The shape that all operands of a fused expression broadcast to; a scalar, one row or one column are repeated.
/// @throws ShapeError when they do not fit.
[[nodiscard]] Shape broadcast_shape(std::span<const Var> operands);

}  // namespace recur::detail
