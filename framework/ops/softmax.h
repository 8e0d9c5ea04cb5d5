#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// eˣ / Σ eˣ over the last axis, without overflow. Throws ShapeError if x is a scalar or its last axis is empty.
[[nodiscard]] Var softmax(Var x);

/// x - ln Σ eˣ over the last axis: the logarithm of `softmax`, exact for small probabilities too. For a loss use
/// `sparse_softmax_cross_entropy`, which is one operation. Throws ShapeError if x is a scalar or its last axis is
/// empty.
[[nodiscard]] Var log_softmax(Var x);

}  // namespace recur
