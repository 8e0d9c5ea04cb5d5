#pragma once

#include <recur/layers/inference/graph.h>

namespace recur {

class Sequential;

/// Returns the operations of a built model for one time step. Calls each cell and layer once and records its
/// operations, so your own cells and layers work as built-in ones do.
///
/// Throws ValueError, with the layer and the reason, for a layer that looks at later steps (Bidirectional,
/// go_backwards, attention, Conv1D unless it is causal), that joins or skips steps (pooling, Flatten, Masking,
/// mask_zero), that takes constants; an operation that a trace
/// does not know; a value with several rows; two operands of a product that both depend on the input.
/// @param features number of features of a time step; ignored for a model that begins with an Embedding
[[nodiscard]] Graph trace(Sequential& model, Index features);

}  // namespace recur
