#pragma once

#include <recur/interop/model.h>

#include <filesystem>

namespace recur::interop {

/// Makes a Sequential of an ONNX graph that is a chain: recurrent operators with what exporters put around them
/// (Transpose, Squeeze, the choice of the last step, zero states), MatMul and Gemm, Gather from a table, layer
/// normalization, activations and pooling over time. Initial states that are inputs of the graph become zeros, with a
/// note. A graph of another kind can be computed by OnnxModel.
/// @throws FormatError as OnnxModel; with node and operator for what is no layer, a value that is used twice, weights
/// that are not used, `sequence_lens` and `clip`
[[nodiscard]] ModelDescription read_onnx(const std::filesystem::path& path);

}  // namespace recur::interop
