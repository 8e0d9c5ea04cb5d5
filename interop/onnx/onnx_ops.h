#pragma once

#include <recur/interop/onnx/onnx_graph.h>

#include <functional>
#include <optional>
#include <span>

namespace recur::interop {

/// Operands of a node; null where one is left out.
using OnnxOperands = std::span<const OnnxTensor* const>;

/// The numbers of elements that one value may have: a file of a few bytes can ask for any size.
inline constexpr std::int64_t most_elements = std::int64_t{1} << 26U;

/// @throws FormatError for negative sizes or more than `most_elements`
[[nodiscard]] std::int64_t checked_count(std::span<const std::int64_t> sizes);
[[nodiscard]] OnnxTensor make_tensor(OnnxTensor::Kind kind, std::vector<std::int64_t> sizes);
/// The operand, which must be there. @throws FormatError
[[nodiscard]] const OnnxTensor& operand(const OnnxNode& node, OnnxOperands operands, std::size_t place);
[[nodiscard]] const OnnxTensor* optional_operand(OnnxOperands operands, std::size_t place);
/// Axes or sizes that are an attribute up to some opset, and an input from it on.
[[nodiscard]] std::vector<std::int64_t> list_of(const OnnxNode& node, OnnxOperands operands, std::size_t place,
                                                const char* key);
[[nodiscard]] std::vector<std::int64_t> integers_of(const OnnxTensor& tensor);
/// Axes from the end counted from the front. @throws FormatError for one outside the rank
[[nodiscard]] std::int64_t checked_axis(std::int64_t axis, std::int64_t rank);

/// Computes one node of each family; none for an operator that is not of the family.
[[nodiscard]] std::optional<std::vector<OnnxTensor>> compute_pointwise(const OnnxNode& node, OnnxOperands operands);
[[nodiscard]] std::optional<std::vector<OnnxTensor>> compute_shape(const OnnxNode& node, OnnxOperands operands);
[[nodiscard]] std::optional<std::vector<OnnxTensor>> compute_reshape(const OnnxNode& node, OnnxOperands operands);
[[nodiscard]] std::optional<std::vector<OnnxTensor>> compute_linear(const OnnxNode& node, OnnxOperands operands,
                                                                    std::int64_t opset);
[[nodiscard]] std::optional<std::vector<OnnxTensor>> compute_convolution(const OnnxNode& node, OnnxOperands operands);
[[nodiscard]] std::optional<std::vector<OnnxTensor>> compute_recurrent(const OnnxNode& node, OnnxOperands operands);

/// Computes one node that has no graphs within. @throws FormatError for an operator that is of no family
[[nodiscard]] std::vector<OnnxTensor> compute_node(const OnnxNode& node, OnnxOperands operands, std::int64_t opset);

/// A function of ONNX by its name, in any case, as the activations of recurrent operators are named; alpha and beta
/// where it has them.
[[nodiscard]] std::function<double(double)> onnx_function(const std::string& name, std::optional<double> alpha,
                                                          std::optional<double> beta);
/// Whether it takes an alpha, and a beta.
[[nodiscard]] std::pair<bool, bool> takes_alpha_beta(const std::string& name);

}  // namespace recur::interop
