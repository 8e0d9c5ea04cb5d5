#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

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

// Sizes of the leading axes, which are stretched, of a product of stacks of matrices.
std::vector<std::int64_t> leading_sizes(const OnnxNode& node, const OnnxTensor& a, const OnnxTensor& b) {
  const std::size_t count = std::max(a.sizes.size(), b.sizes.size()) - 2;
  std::vector<std::int64_t> sizes(count, 1);
  for (std::size_t i = 0; i < count; ++i) {
    const auto size_of = [&](const OnnxTensor& t) {
      const std::size_t missing = count + 2 - t.sizes.size();
      return i < missing ? 1 : t.sizes[i - missing];
    };
    const std::int64_t left = size_of(a);
    const std::int64_t right = size_of(b);
    require<FormatError>(left == right || left == 1 || right == 1, "node '{}' (MatMul): axes of {} and {}", node.name,
                         left, right);
    sizes[i] = left == 1 ? right : left;
  }
  return sizes;
}

// Which of its matrices a stack has at the place `flat` of the leading axes.
std::int64_t matrix_at(const OnnxTensor& stack, const std::vector<std::int64_t>& leading, std::int64_t flat) {
  const std::size_t missing = leading.size() + 2 - stack.sizes.size();
  std::int64_t place = 0;
  std::int64_t stride = 1;
  for (std::size_t i = leading.size(); i-- > missing;) {
    const std::int64_t size = stack.sizes[i - missing];
    place += (size == 1 ? 0 : flat % leading[i]) * stride;
    stride *= size;
    flat /= leading[i];
  }
  return place;
}

// Vectors are matrices of one row or column, whose axis the result does not have.
OnnxTensor matmul(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor a = operand(node, operands, 0);
  OnnxTensor b = operand(node, operands, 1);
  const bool row = a.rank() == 1;
  const bool column = b.rank() == 1;
  if (row) a.sizes.insert(a.sizes.begin(), 1);
  if (column) b.sizes.push_back(1);
  require<FormatError>(a.rank() >= 2 && b.rank() >= 2 && a.sizes.back() == b.sizes[b.sizes.size() - 2],
                       "node '{}' (MatMul): factors that do not go together", node.name);
  const std::int64_t inner = a.sizes.back();
  const std::int64_t rows = a.sizes[a.sizes.size() - 2];
  const std::int64_t cols = b.sizes.back();
  const std::vector<std::int64_t> leading = leading_sizes(node, a, b);
  std::vector<std::int64_t> sizes = leading;
  sizes.insert(sizes.end(), {rows, cols});
  OnnxTensor result = make_tensor(Kind::real, sizes);
  const std::int64_t count = checked_count(leading);
  for (std::int64_t at = 0; at < count; ++at) {
    const double* const left = a.numbers.data() + matrix_at(a, leading, at) * rows * inner;
    const double* const right = b.numbers.data() + matrix_at(b, leading, at) * inner * cols;
    double* const to = result.numbers.data() + at * rows * cols;
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < inner; ++i)
        for (std::int64_t c = 0; c < cols; ++c) to[r * cols + c] += left[r * inner + i] * right[i * cols + c];
  }
  if (column) result.sizes.pop_back();
  if (row) result.sizes.erase(result.sizes.end() - (column ? 1 : 2));
  return result;
}

// Products of the sizes before an axis, and from it on.
std::pair<std::size_t, std::size_t> divided_at(const OnnxTensor& tensor, std::int64_t axis) {
  std::pair<std::size_t, std::size_t> parts(1, 1);
  for (std::int64_t i = 0; i < tensor.rank(); ++i)
    (i < axis ? parts.first : parts.second) *= static_cast<std::size_t>(tensor.sizes[static_cast<std::size_t>(i)]);
  return parts;
}

// Over one axis; before opset 13 over that and all axes behind it.
OnnxTensor softmax(const OnnxNode& node, OnnxOperands operands, std::int64_t opset, bool log) {
  OnnxTensor result = operand(node, operands, 0);
  const std::int64_t axis = checked_axis(node.integer("axis", opset < 13 ? 1 : -1), result.rank());
  const auto [rows, from_axis] = divided_at(result, axis);
  const std::size_t count =
      opset < 13 ? from_axis : static_cast<std::size_t>(result.sizes[static_cast<std::size_t>(axis)]);
  const std::size_t stride = count == 0 ? 0 : from_axis / count;
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t at = row * from_axis; at < row * from_axis + stride; ++at) {
      const auto number = [&](std::size_t i) -> double& { return result.numbers[at + i * stride]; };
      double largest = number(0);
      for (std::size_t i = 1; i < count; ++i) largest = std::max(largest, number(i));
      double sum = 0;
      for (std::size_t i = 0; i < count; ++i) sum += std::exp(number(i) - largest);
      for (std::size_t i = 0; i < count; ++i)
        number(i) = log ? number(i) - largest - std::log(sum) : std::exp(number(i) - largest) / sum;
    }
  return result;
}

// Over an axis and all behind it; mean and inverse deviation are outputs, too.
std::vector<OnnxTensor> layer_normalization(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor result = operand(node, operands, 0);
  const std::int64_t axis = checked_axis(node.integer("axis", -1), result.rank());
  const auto [rows, columns] = divided_at(result, axis);
  const OnnxTensor& scale = operand(node, operands, 1);
  const OnnxTensor* const offset = optional_operand(operands, 2);
  require<FormatError>(scale.numbers.size() == columns && (offset == nullptr || offset->numbers.size() == columns),
                       "node '{}' ({}): {} columns", node.name, node.op, columns);
  std::vector<std::int64_t> sizes = result.sizes;
  std::fill(sizes.begin() + axis, sizes.end(), 1);
  OnnxTensor means = make_tensor(Kind::real, sizes);
  OnnxTensor factors = means;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto row = std::span(result.numbers).subspan(r * columns, columns);
    double mean = 0;
    double square = 0;
    for (const double x : row) mean += x / static_cast<double>(columns);
    for (const double x : row) square += (x - mean) * (x - mean) / static_cast<double>(columns);
    const double factor = 1 / std::sqrt(square + node.real("epsilon", 1e-5));
    for (std::size_t i = 0; i < columns; ++i)
      row[i] = (row[i] - mean) * factor * scale.numbers[i] + (offset == nullptr ? 0 : offset->numbers[i]);
    means.numbers[r] = mean;
    factors.numbers[r] = factor;
  }
  return {std::move(result), std::move(means), std::move(factors)};
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
  const bool least = node.op == "ReduceMin";
  OnnxTensor result = make_tensor(from.kind, kept);
  if (largest || least) std::fill(result.numbers.begin(), result.numbers.end(), least ? INFINITY : -INFINITY);
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
    const double x = from.numbers[i];
    to = largest ? std::max(to, x) : (least ? std::min(to, x) : to + x);
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
  if (op == "LayerNormalization") return layer_normalization(node, operands);
  if (op == "BatchNormalization") return one(batch_normalization(node, operands));
  if (op == "ReduceMean" || op == "ReduceSum" || op == "ReduceMax" || op == "ReduceMin")
    return one(reduce(node, operands));
  return std::nullopt;
}

}  // namespace recur::interop
