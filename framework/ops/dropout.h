#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// Sets each element to 0 with probability `rate` and divides the others by 1 - rate, so that expectations stay (Srivastava et
/// al. 2014). The identity while the tape is not training or when `rate` is 0; nothing is drawn then.
/// @throws ValueError for a rate outside [0, 1].
[[nodiscard]] Var dropout(Var x, double rate, Generator& generator);

/// A constant to multiply with that does the same, for a mask used at several steps: 0 or 1 / (1 - rate); all 1 where `dropout`
/// would be the identity. @throws ValueError for a rate outside [0, 1].
[[nodiscard]] Var dropout_mask(Tape& tape, const Shape& shape, double rate, Generator& generator);

}  // namespace recur
