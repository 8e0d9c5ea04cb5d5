#pragma once

#include <recur/layers/inference/graph.h>

#include <span>

namespace recur {

class AnyLayer;
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

/// What lies around a model: y = after(model(before(x)) + the first `skip` numbers of before(x)).
struct TraceEnds {
  std::span<const AnyLayer> before{};
  std::span<const AnyLayer> after{};
  Index skip = 0;
};
/// Traces a model with its ends. Throws ValueError also if a skip does not go with the sizes of input and output, or
/// with ids or a model that hands on its last step only.
[[nodiscard]] Graph trace(Sequential& model, Index features, const TraceEnds& ends);

}  // namespace recur
