#pragma once

#include <nlohmann/json_fwd.hpp>

#include "case_result.h"

namespace recur::golden {

/// Runs the optimizer of a case on its gradients in number type `dtype` and compares all parameters after every step.
[[nodiscard]] CaseResult run_optimizer_case(const nlohmann::json& file, DType dtype);

}  // namespace recur::golden
