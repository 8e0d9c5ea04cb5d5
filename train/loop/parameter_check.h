#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>
#include <string>
#include <vector>

namespace recur {

/// Compares a list of parameters with what a backward pass has been through: to be called after the pass, before
/// `Tape::reset`.
/// @returns a sentence for each parameter on the tape that wants a gradient and is not listed, and for each one listed
/// that has no gradient. Unlisted parameters that only parts of a model use which are checkpointed or divided among
/// threads are not found: they are on tapes of their own.
[[nodiscard]] std::vector<std::string> parameters_that_learn_nothing(const Tape& tape,
                                                                     std::span<const NamedParameter> parameters);

}  // namespace recur
