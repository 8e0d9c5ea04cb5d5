#pragma once

#include <recur/interop/internal/json.h>
#include <recur/interop/model.h>

#include <string>
#include <vector>

namespace recur::interop {

/// Collects layers with their weights, in Keras's layout and order, and makes a description of them.
class Assembly {
 public:
  /// @param name of the layer, made unique; dots and slashes become underscores; empty for the class's
  void add(const std::string& class_name, const std::string& name, Json config, std::vector<NamedTensor> tensors = {});
  [[nodiscard]] bool empty() const { return layers_.empty(); }
  /// The config of the layer added last.
  [[nodiscard]] Json& last_config() { return layers_.back()["config"]; }
  /// Makes the layers so far, without their weights. @throws FormatError as `make_layers`
  [[nodiscard]] Sequential make_model(Index features) const;
  /// @throws FormatError unless the weights are those of the layers
  [[nodiscard]] ModelDescription finish(std::string format, Index features, std::vector<std::string> notes);

 private:
  [[nodiscard]] std::string config() const;

  Json layers_ = Json::array();
  std::vector<std::string> names_;
  std::vector<std::vector<NamedTensor>> tensors_;
};

/// Gates of a recurrent layer in blocks: block k of the result is block order[k] of the source.
using GateOrder = std::vector<Index>;

/// `[gates·units, inputs]` → `[inputs, gates·units]`: from PyTorch's and ONNX's rows to Keras's columns, and back.
[[nodiscard]] Array rows_to_columns(const Array& rows, const GateOrder& order);
[[nodiscard]] Array columns_to_rows(const Array& columns, const GateOrder& order);
/// Moves the blocks of the last axis.
[[nodiscard]] Array move_blocks(const Array& array, const GateOrder& order);
/// Two vectors as the two rows of a matrix.
[[nodiscard]] Array as_rows(const Array& first, const Array& second);
/// One row of a matrix, as a vector.
[[nodiscard]] Array row_of(const Array& matrix, Index row);
/// The sum of the rows of a `[2, n]` bias, or a vector as it is.
[[nodiscard]] Array summed_bias(const Array& bias);
/// Float32 of these numbers.
[[nodiscard]] Array make_array(const Shape& shape, std::span<const double> numbers, DType dtype = DType::float32);

/// Keras's gate k is PyTorch's gate order[k]; either way round, since r, z, n ↔ z, r, h is its own inverse.
[[nodiscard]] GateOrder torch_gate_order(Index gates);

}  // namespace recur::interop
