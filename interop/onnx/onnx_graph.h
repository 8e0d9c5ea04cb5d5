#pragma once

#include <recur/framework/tensor/error.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace recur::interop {

/// A value in an ONNX graph. Numbers of every type are held as double; integers of 2^53 and more in size are cut to
/// that.
struct OnnxTensor {
  enum class Kind { real, integer, boolean };
  Kind kind = Kind::real;
  std::vector<std::int64_t> sizes;
  std::vector<double> numbers;

  [[nodiscard]] std::int64_t rank() const { return static_cast<std::int64_t>(sizes.size()); }
};

struct OnnxBody;

struct OnnxAttribute {
  double real = 0;
  std::int64_t integer = 0;
  std::string text;
  std::vector<double> reals;
  std::vector<std::int64_t> integers;
  std::vector<std::string> texts;
  std::shared_ptr<OnnxTensor> tensor;
  std::shared_ptr<OnnxBody> body;
};

struct OnnxNode {
  std::string op, name;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, OnnxAttribute> attributes;

  [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t otherwise) const;
  [[nodiscard]] double real(const std::string& key, double otherwise) const;
  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise) const;
  [[nodiscard]] std::vector<std::int64_t> integers(const std::string& key) const;
  [[nodiscard]] bool has(const std::string& key) const { return attributes.contains(key); }
};

/// A graph: its nodes in the order of computation, its constants, its inputs and outputs by name.
struct OnnxBody {
  std::vector<OnnxNode> nodes;
  std::map<std::string, OnnxTensor> constants;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, std::vector<std::int64_t>> input_sizes;  ///< -1 where a size is free.
  std::map<std::string, OnnxTensor::Kind> input_kinds;
};

/// An ONNX model, read and computed: the fused recurrent operators (LSTM, GRU, RNN) with all their attributes but
/// `clip`, Scan, Loop and If, and the operators that exporters put around them. Everything else is refused by name, and
/// before opset 7 the operators whose meaning has changed since.
class OnnxModel {
 public:
  /// @throws FormatError for a file that is no ONNX model, external data, more than 8 levels of graphs, tensors that
  /// lie about their size, or, in a build without RECUR_ONNX, any file
  explicit OnnxModel(const std::filesystem::path& path);

  [[nodiscard]] const OnnxBody& graph() const { return graph_; }
  [[nodiscard]] std::int64_t opset() const { return opset_; }
  [[nodiscard]] const std::string& producer() const { return producer_; }
  /// Computes the outputs. @throws FormatError, with the node's name, for an operator that is not computed, and for
  /// sizes that do not go together; ValueError for a missing input
  [[nodiscard]] std::map<std::string, OnnxTensor> run(std::map<std::string, OnnxTensor> inputs) const;

 private:
  OnnxBody graph_;
  std::int64_t opset_ = 0;
  std::string producer_;
};

}  // namespace recur::interop
