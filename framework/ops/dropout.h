#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// Sets each element to 0 with probability `rate` and divides the others by 1 - rate, so that expectations stay
/// (Srivastava et al. 2014). Returns x, and draws nothing, if the tape is not training or `rate` is 0. Throws
/// ValueError if the rate is outside [0, 1].
[[nodiscard]] Var dropout(Var x, double rate, Generator& generator);

/// Returns a dropout mask to multiply with at several steps, a constant of 0 and 1 / (1 - rate); all 1 if the tape is
/// not training. Throws ValueError if the rate is outside [0, 1].
[[nodiscard]] Var dropout_mask(Tape& tape, const Shape& shape, double rate, Generator& generator);

}  // namespace recur
