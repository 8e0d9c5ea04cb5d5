#pragma once

#include "support.h"

namespace recur::golden {

/// Runs a training case: full-batch steps of an optimizer; compares the loss before and all weights after every step.
[[nodiscard]] CaseResult run_training_case(const Json& file, DType dtype);

}  // namespace recur::golden
