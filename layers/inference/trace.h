#pragma once

#include <recur/layers/inference/graph.h>

namespace recur {

class Sequential;

/// Finds out what a built model does with one step, by calling each cell and layer once and noting its operations.
/// Cells and layers of one's own are treated as built-in ones.
///
/// Throws ValueError, naming the layer and what is in the way: a layer that looks at later steps (Bidirectional,
/// go_backwards, attention, Conv1D unless it is causal), that joins or skips steps (pooling, Flatten, Masking,
/// mask_zero), that takes constants; an operation that a trace
/// does not know; a value with several rows; two operands of a product that both depend on the input.
/// @param features of a step of the input; of no meaning to a model that begins with an Embedding
[[nodiscard]] Graph trace(Sequential& model, Index features);

}  // namespace recur
