#pragma once

#include <recur/framework/autodiff/tape.h>

#include <optional>
#include <string>

namespace recur {

/// The place on a tape where numbers stopped being finite.
struct NonFinite {
  std::string operation;  ///< What was done there: `matmul`, or the functions of a fused expression, `multiply, log`.
  Shape shape;            ///< Of the result.
  double value = 0;       ///< The first such number of it.
  Index position = 0;     ///< Of the operation among all `count`, from 0.
  Index count = 0;        ///< Operations on the tape when it was looked at: of shares and recomputed steps, too.
};

/// Returns the first recorded operation with a NaN or an infinity in its result, in execution order; none if all are
/// finite. A parameter counts where it was first used. Products whose parts `fuse` has overwritten are skipped. Reads
/// every value on the tape. Throws StateError for a tape of dual numbers.
[[nodiscard]] std::optional<NonFinite> first_non_finite(const Tape& tape);

/// Runs backwards from `loss` again and returns the first operation whose result receives a gradient that is not
/// finite; none if all are finite. The gradients of parameters are overwritten. Throws ShapeError unless `loss` is a
/// single number.
[[nodiscard]] std::optional<NonFinite> first_non_finite_gradient(Tape& tape, Var loss);

}  // namespace recur
