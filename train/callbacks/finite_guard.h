#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>
#include <string>

namespace recur {

/// To be called when a loss turned out not to be finite, before `Tape::reset`: finds out where that began.
/// @throws StateError, always: the loss, the first operation with such a result and the first parameter with such a gradient.
[[noreturn]] void refuse_non_finite(const std::string& where, Tape& tape, Var loss,
                                    std::span<const NamedParameter> parameters);

/// To be called after `backward(loss)`, before the optimizer's step.
/// @throws StateError when a gradient is not finite: the parameter, and the operation at whose result such a gradient arrived
/// first.
void require_finite_gradients(const std::string& where, Tape& tape, Var loss,
                              std::span<const NamedParameter> parameters);

}  // namespace recur
