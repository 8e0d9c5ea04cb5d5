#pragma once

#include "support.h"

namespace recur::golden {

/// Runs a case of the recurrent kind: outputs, final states, loss and all gradients of one or more calls.
[[nodiscard]] CaseResult run_recurrent_case(const Json& file, DType dtype);

}  // namespace recur::golden
