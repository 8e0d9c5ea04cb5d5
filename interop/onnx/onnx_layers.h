#pragma once

#include <recur/interop/internal/json.h>
#include <recur/interop/model.h>
#include <recur/interop/onnx/onnx_graph.h>

#include <optional>
#include <string>
#include <vector>

namespace recur::interop {

/// A layer that was made of ONNX nodes, in Recur's words.
struct OnnxLayer {
  std::string class_name, name;
  Json config = Json::object();
  std::vector<NamedTensor> tensors{};
  bool recurrent = false;
  bool both_directions = false;

  /// Says whether a recurrent layer hands on every step.
  void set_sequences(bool every_step);
};

/// The constants of a recurrent node; null where one is left out.
struct OnnxWeights {
  const OnnxTensor *w, *r, *b, *p;
};

/// Makes a layer of a node LSTM, GRU or RNN. @param backwards whether one direction runs from the last step to the
/// first
/// @throws FormatError for functions that Recur's cells do not have, and weights that do not go together
[[nodiscard]] OnnxLayer make_recurrent_layer(const OnnxNode& node, const OnnxWeights& weights, bool backwards);

/// The name of the activation of a node such as Relu or HardSigmoid; none for another operator.
/// @throws FormatError for an alpha or beta that Recur's function does not have
[[nodiscard]] std::optional<std::string> activation_of_node(const OnnxNode& node);

/// A constant as float32, with these sizes or its own.
[[nodiscard]] Array array_of(const OnnxTensor& tensor, const Shape& shape);

}  // namespace recur::interop
