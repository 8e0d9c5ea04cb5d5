#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>

namespace recur {

/// Chooses rows by number: yᵢ = x[rows[i]], zeros if rows[i] is -1; dx[rows[i]] += dyᵢ. x is `[..., features]`, all
/// axes but the last are rows. The result has `shape`, whose last axis is `features` and whose others hold one row
/// each. Used to pack ragged sequences, put them back, and reorder a batch. Throws ShapeError if the shape does not
/// fit, ValueError if a row is outside [-1, x.rows()).
[[nodiscard]] Var take_rows(Var x, std::span<const Index> rows, Shape shape);

}  // namespace recur
