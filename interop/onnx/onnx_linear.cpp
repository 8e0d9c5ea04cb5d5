#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>
#include <cmath>

namespace recur::interop {
namespace {

using Kind = OnnxTensor::Kind;

// Rows and columns of a matrix, `turned` exchanging them.
struct Matrix {
  const OnnxTensor& tensor;
  bool turned;

  [[nodiscard]] std::int64_t rows() const { return tensor.sizes[turned ? 1 : 0]; }
  [[nodiscard]] std::int64_t cols() const { return tensor.sizes[turned ? 0 : 1]; }
  [[nodiscard]] double at(std::int64_t row, std::int64_t col) const {
    return tensor.numbers[static_cast<std::size_t>(turned ? col * tensor.sizes[1] + row : row * tensor.sizes[1] + col)];
  }
};

OnnxTensor gemm(const OnnxNode& node, OnnxOperands operands) {
  const Matrix a{operand(node, operands, 0), node.integer("transA", 0) != 0};
  const Matrix b{operand(node, operands, 1), node.integer("transB", 0) != 0};
  require<FormatError>(a.tensor.rank() == 2 && b.tensor.rank() == 2 && a.cols() == b.rows(),
                       "node '{}' (Gemm): matrices that do not go together", node.name);
  OnnxTensor result = make_tensor(Kind::real, {a.rows(), b.cols()});
  for (std::int64_t row = 0; row < a.rows(); ++row)
    for (std::int64_t col = 0; col < b.cols(); ++col) {
      double sum = 0;
      for (std::int64_t i = 0; i < a.cols(); ++i) sum += a.at(row, i) * b.at(i, col);
      result.numbers[static_cast<std::size_t>(row * b.cols() + col)] = node.real("alpha", 1) * sum;
    }
  const OnnxTensor* const bias = optional_operand(operands, 2);
  if (bias == nullptr) return result;
  OnnxTensor scaled = *bias;
  for (double& x : scaled.numbers) x *= node.real("beta", 1);
  OnnxNode add = node;
  add.op = "Add";
  const std::array<const OnnxTensor*, 2> both = {&result, &scaled};
  return std::move(compute_pointwise(add, both)->front());
}

// Rows of any number of leading axes times one matrix.
OnnxTensor matmul(const OnnxNode& node, OnnxOperands operands) {
  const OnnxTensor& a = operand(node, operands, 0);
  const OnnxTensor& b = operand(node, operands, 1);
  require<FormatError>(a.rank() >= 2 && b.rank() == 2 && a.sizes.back() == b.sizes[0] && b.sizes[0] > 0,
                       "node '{}' (MatMul): the second factor must be a matrix that fits the first", node.name);
  std::vector<std::int64_t> sizes = a.sizes;
  sizes.back() = b.sizes[1];
  OnnxTensor result = make_tensor(Kind::real, sizes);
  const std::int64_t inner = b.sizes[0];
  const auto rows = static_cast<std::int64_t>(a.numbers.size()) / inner;
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t col = 0; col < b.sizes[1]; ++col) {
      double sum = 0;
      for (std::int64_t i = 0; i < inner; ++i)
        sum += a.numbers[static_cast<std::size_t>(row * inner + i)] *
               b.numbers[static_cast<std::size_t>(i * b.sizes[1] + col)];
      result.numbers[static_cast<std::size_t>(row * b.sizes[1] + col)] = sum;
    }
  return result;
}

OnnxTensor softmax(const OnnxNode& node, OnnxOperands operands, std::int64_t opset, bool log) {
  OnnxTensor result = operand(node, operands, 0);
  const std::int64_t axis = checked_axis(node.integer("axis", opset < 13 ? 1 : -1), result.rank());
  require<FormatError>(axis == result.rank() - 1, "node '{}' ({}): only the last axis is computed", node.name, node.op);
  const auto columns = static_cast<std::size_t>(result.sizes.back());
  for (std::size_t begin = 0; begin < result.numbers.size(); begin += columns) {
    const auto row = std::span(result.numbers).subspan(begin, columns);
    const double largest = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const double x : row) sum += std::exp(x - largest);
    for (double& x : row) x = log ? x - largest - std::log(sum) : std::exp(x - largest) / sum;
  }
  return result;
}

OnnxTensor layer_normalization(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor result = operand(node, operands, 0);
  require<FormatError>(checked_axis(node.integer("axis", -1), result.rank()) == result.rank() - 1,
                       "node '{}' ({}): only the last axis is computed", node.name, node.op);
  const auto columns = static_cast<std::size_t>(result.sizes.back());
  const OnnxTensor& scale = operand(node, operands, 1);
  const OnnxTensor* const offset = optional_operand(operands, 2);
  require<FormatError>(scale.numbers.size() == columns && (offset == nullptr || offset->numbers.size() == columns),
                       "node '{}' ({}): {} columns", node.name, node.op, columns);
  for (std::size_t begin = 0; begin < result.numbers.size(); begin += columns) {
    const auto row = std::span(result.numbers).subspan(begin, columns);
    double mean = 0;
    double square = 0;
    for (const double x : row) mean += x / static_cast<double>(columns);
    for (const double x : row) square += (x - mean) * (x - mean) / static_cast<double>(columns);
    const double factor = 1 / std::sqrt(square + node.real("epsilon", 1e-5));
    for (std::size_t i = 0; i < columns; ++i)
      row[i] = (row[i] - mean) * factor * scale.numbers[i] + (offset == nullptr ? 0 : offset->numbers[i]);
  }
  return result;
}

// With the statistics of training, over axis 1.
OnnxTensor batch_normalization(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor result = operand(node, operands, 0);
  require<FormatError>(result.rank() >= 2 && node.integer("training_mode", 0) == 0,
                       "node '{}' (BatchNormalization): training, or one axis", node.name);
  const std::int64_t channels = result.sizes[1];
  for (const std::size_t place : {1U, 2U, 3U, 4U})
    require<FormatError>(static_cast<std::int64_t>(operand(node, operands, place).numbers.size()) == channels,
                         "node '{}' (BatchNormalization): {} channels", node.name, channels);
  std::int64_t inner = 1;
  for (std::size_t i = 2; i < result.sizes.size(); ++i) inner *= result.sizes[i];
  for (std::size_t i = 0; i < result.numbers.size(); ++i) {
    const auto c = static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % channels);
    const double factor = operands[1]->numbers[c] / std::sqrt(operands[4]->numbers[c] + node.real("epsilon", 1e-5));
    result.numbers[i] = (result.numbers[i] - operands[3]->numbers[c]) * factor + operands[2]->numbers[c];
  }
  return result;
}

OnnxTensor reduce(const OnnxNode& node, OnnxOperands operands) {
  const OnnxTensor& from = operand(node, operands, 0);
  const OnnxTensor* const given = optional_operand(operands, 1);
  std::vector<std::int64_t> axes = given != nullptr ? integers_of(*given) : node.integers("axes");
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) == 0)
    for (std::int64_t i = 0; i < from.rank(); ++i) axes.push_back(i);
  std::vector<bool> gone(from.sizes.size(), false);
  for (const std::int64_t axis : axes) gone[static_cast<std::size_t>(checked_axis(axis, from.rank()))] = true;
  std::vector<std::int64_t> kept = from.sizes;
  double count = 1;
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (gone[i]) {
      count *= static_cast<double>(kept[i]);
      kept[i] = 1;
    }
  const bool largest = node.op == "ReduceMax";
  OnnxTensor result = make_tensor(from.kind, kept);
  if (largest) std::fill(result.numbers.begin(), result.numbers.end(), -INFINITY);
  for (std::size_t i = 0; i < from.numbers.size(); ++i) {
    auto rest = static_cast<std::int64_t>(i);
    std::int64_t place = 0;
    std::int64_t stride = 1;
    for (std::size_t axis = kept.size(); axis-- > 0;) {
      place += (gone[axis] ? 0 : rest % from.sizes[axis]) * stride;
      stride *= kept[axis];
      rest /= from.sizes[axis];
    }
    double& to = result.numbers[static_cast<std::size_t>(place)];
    to = largest ? std::max(to, from.numbers[i]) : to + from.numbers[i];
  }
  if (node.op == "ReduceMean")
    for (double& x : result.numbers) x /= count;
  if (node.integer("keepdims", 1) == 0) {
    std::vector<std::int64_t> sizes;
    for (std::size_t i = 0; i < kept.size(); ++i)
      if (!gone[i]) sizes.push_back(kept[i]);
    result.sizes = std::move(sizes);
  }
  return result;
}

}  // namespace

std::optional<std::vector<OnnxTensor>> compute_linear(const OnnxNode& node, OnnxOperands operands, std::int64_t opset) {
  const std::string& op = node.op;
  const auto one = [](OnnxTensor result) { return std::vector<OnnxTensor>{std::move(result)}; };
  if (op == "Gemm") return one(gemm(node, operands));
  if (op == "MatMul") return one(matmul(node, operands));
  if (op == "Softmax" || op == "LogSoftmax") return one(softmax(node, operands, opset, op == "LogSoftmax"));
  if (op == "LayerNormalization") return one(layer_normalization(node, operands));
  if (op == "BatchNormalization") return one(batch_normalization(node, operands));
  if (op == "ReduceMean" || op == "ReduceSum" || op == "ReduceMax") return one(reduce(node, operands));
  return std::nullopt;
}

}  // namespace recur::interop
