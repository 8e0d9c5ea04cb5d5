#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>

namespace recur {

/// Rows chosen by number: yᵢ = x[rows[i]], zeros where rows[i] is -1. With x `[..., features]` folded to rows, the result has
/// `shape`, whose last axis is `features` and whose others hold one row each. dx[rows[i]] += dyᵢ.
/// Packing ragged sequences, putting them back, reordering a batch are all this.
/// @throws ShapeError when the shape does not fit, ValueError for a row outside [-1, x.rows()).
[[nodiscard]] Var take_rows(Var x, std::span<const Index> rows, Shape shape);

}  // namespace recur
