#pragma once

#ifdef RECUR_ONNX

#include <recur/interop/internal/onnx_builder.h>
#include <recur/layers/inference/graph.h>

#include <string>

namespace recur::interop {

/// How a Scan runs a traced layer.
struct OnnxScan {
  std::string layer;                  ///< Name of the layer.
  std::string input;                  ///< `[batch, time, features]`
  std::string mask{};                 ///< `[batch, time, 1]`, booleans, false for a step to be skipped; empty for none.
  bool backwards = false;             ///< From the last step to the first.
  bool zero_output_for_mask = false;  ///< Zeros for masked steps instead of the output of the step before.
  /// The states are inputs `LAYER.state0`… and outputs `LAYER.state0_out`… of the model, `[batch, size]` each.
  bool with_states = false;
};

/// Adds a Scan whose body is the stages of a traced layer, and returns its outputs `[batch, time, size]` in the order
/// of processing. Without `with_states`, states begin as the graph says.
[[nodiscard]] std::string add_scan(OnnxBuilder& to, const Graph& graph, const OnnxScan& scan);

}  // namespace recur::interop

#endif
