#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>
#include <string>
#include <vector>

namespace recur {

/// Compares a list of parameters with those on a tape. Call it after the backward pass and before `Tape::reset`.
/// Returns a sentence for each parameter on the tape that wants a gradient and is not listed, and for each listed
/// parameter without a gradient. An unlisted parameter is not found if only checkpointed parts of the model use it,
/// because these parts are on tapes of their own.
[[nodiscard]] std::vector<std::string> parameters_that_learn_nothing(const Tape& tape,
                                                                     std::span<const NamedParameter> parameters);

}  // namespace recur
