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
  Index position = 0;     ///< Of the operation among all on the tape, from 0.
};

/// The first recorded operation with a NaN or an infinity in its result, in the order they were done; a parameter counts where
/// it was first used. It reads every value on the tape: to be called when something is wrong already. A product whose parts
/// `fuse` has written over is passed over.
/// @throws StateError for a tape of dual numbers
[[nodiscard]] std::optional<NonFinite> first_non_finite(const Tape& tape);

/// The same for gradients, which flow the other way: runs backwards from `loss` once more and finds the first operation at whose
/// result one arrives that is not finite. What parameters' gradients were before is lost.
/// @throws as `Tape::backward`
[[nodiscard]] std::optional<NonFinite> first_non_finite_gradient(Tape& tape, Var loss);

}  // namespace recur
