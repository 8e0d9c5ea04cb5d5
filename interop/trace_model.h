#pragma once

#include <recur/interop/model.h>
#include <recur/layers/inference/graph.h>

namespace recur::interop {

/// Traces a model with what lies around it, so that Inference and the C file take and give the user's units, and begin
/// with the states of the description.
/// @throws ValueError as `trace`
[[nodiscard]] Graph trace_model(Sequential& model, const ModelDescription& description);

}  // namespace recur::interop
