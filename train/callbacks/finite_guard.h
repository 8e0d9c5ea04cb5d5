#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>
#include <string>

namespace recur {

/// Finds out where a loss that is not finite came from. Call it before `Tape::reset`. Always throws StateError, with
/// the loss, the first operation with such a result and the first parameter with such a gradient.
[[noreturn]] void refuse_non_finite(const std::string& where, Tape& tape, Var loss,
                                    std::span<const NamedParameter> parameters);

/// Checks all gradients. Call it after `backward(loss)` and before the optimizer's step. Throws StateError if a
/// gradient is not finite, with the parameter and the operation whose result first received such a gradient.
void require_finite_gradients(const std::string& where, Tape& tape, Var loss,
                              std::span<const NamedParameter> parameters);

}  // namespace recur
