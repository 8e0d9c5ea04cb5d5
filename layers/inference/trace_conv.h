#pragma once

#include <recur/layers/conv1d.h>
#include <recur/layers/inference/graph.h>

namespace recur::detail {

/// Adds to `stage` what a causal convolution remembers, the inputs of earlier steps, and what puts the inputs of one
/// window side by side. Returns these, `[kernel_size · features]`.
[[nodiscard]] GraphPart add_window(Graph& graph, GraphStage& stage, const Conv1D& layer);

}  // namespace recur::detail
