#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// eˣ / Σ eˣ over the last axis, without overflow.
/// @throws ShapeError for a scalar or when the last axis is empty.
[[nodiscard]] Var softmax(Var x);

/// x - ln Σ eˣ over the last axis: the logarithm of `softmax`, without its loss of small probabilities. For a loss use
/// `sparse_softmax_cross_entropy`, which is one operation. @throws ShapeError as `softmax`.
[[nodiscard]] Var log_softmax(Var x);

}  // namespace recur
