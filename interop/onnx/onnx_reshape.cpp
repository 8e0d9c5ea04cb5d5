#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace recur::interop {
namespace {

using Sizes = std::vector<std::int64_t>;

OnnxTensor transpose(const OnnxNode& node, OnnxOperands operands) {
  const OnnxTensor& from = operand(node, operands, 0);
  Sizes order = node.integers("perm");
  if (order.empty())
    for (std::int64_t i = from.rank(); i-- > 0;) order.push_back(i);
  Sizes sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i)
    require<FormatError>(order.size() == from.sizes.size() && sorted[i] == static_cast<std::int64_t>(i),
                         "node '{}' (Transpose): perm is no order of the axes", node.name);
  Sizes sizes;
  Sizes strides(from.sizes.size(), 1);
  for (std::size_t i = strides.size(); i-- > 1;) strides[i - 1] = strides[i] * from.sizes[i];
  for (const std::int64_t axis : order) sizes.push_back(from.sizes[static_cast<std::size_t>(axis)]);
  OnnxTensor result = make_tensor(from.kind, sizes);
  for (std::size_t i = 0; i < result.numbers.size(); ++i) {
    std::int64_t place = 0;
    auto rest = static_cast<std::int64_t>(i);
    for (std::size_t axis = sizes.size(); axis-- > 0;) {
      place += rest % sizes[axis] * strides[static_cast<std::size_t>(order[axis])];
      rest /= sizes[axis];
    }
    result.numbers[i] = from.numbers[static_cast<std::size_t>(place)];
  }
  return result;
}

OnnxTensor reshape(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor result = operand(node, operands, 0);
  Sizes sizes = integers_of(operand(node, operands, 1));
  std::int64_t known = 1;
  std::ptrdiff_t open = -1;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0 && node.integer("allowzero", 0) == 0) {
      require<FormatError>(i < result.sizes.size(),
                           "node '{}' (Reshape): size {} is copied from an axis that is not there", node.name, i);
      sizes[i] = result.sizes[i];
    }
    if (sizes[i] == -1) {
      require<FormatError>(open < 0, "node '{}' (Reshape): two sizes are open", node.name);
      open = static_cast<std::ptrdiff_t>(i);
    } else {
      require<FormatError>(sizes[i] >= 0 && !__builtin_mul_overflow(known, sizes[i], &known),
                           "node '{}' (Reshape): a size of {}", node.name, sizes[i]);
    }
  }
  const auto count = static_cast<std::int64_t>(result.numbers.size());
  if (open >= 0) sizes[static_cast<std::size_t>(open)] = known == 0 ? 0 : count / known;
  require<FormatError>(checked_count(sizes) == count, "node '{}' (Reshape): {} elements do not fill the sizes",
                       node.name, count);
  result.sizes = std::move(sizes);
  return result;
}

OnnxTensor flatten(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor result = operand(node, operands, 0);
  const std::int64_t axis = node.integer("axis", 1);
  const std::int64_t at = axis == result.rank() ? axis : checked_axis(axis, result.rank());
  const auto middle = result.sizes.begin() + at;
  const std::int64_t rows = std::accumulate(result.sizes.begin(), middle, std::int64_t{1}, std::multiplies<>());
  const std::int64_t columns = std::accumulate(middle, result.sizes.end(), std::int64_t{1}, std::multiplies<>());
  result.sizes = {rows, columns};
  return result;
}

OnnxTensor squeeze(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor result = operand(node, operands, 0);
  Sizes axes = list_of(node, operands, 1, "axes");
  if (axes.empty())
    for (std::int64_t i = 0; i < result.rank(); ++i)
      if (result.sizes[static_cast<std::size_t>(i)] == 1) axes.push_back(i);
  for (std::int64_t& axis : axes) axis = checked_axis(axis, result.rank());
  std::sort(axes.rbegin(), axes.rend());
  for (const std::int64_t axis : axes) {
    require<FormatError>(axis < result.rank() && result.sizes[static_cast<std::size_t>(axis)] == 1,
                         "node '{}' (Squeeze): axis {} is not of size 1", node.name, axis);
    result.sizes.erase(result.sizes.begin() + axis);
  }
  return result;
}

OnnxTensor unsqueeze(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor result = operand(node, operands, 0);
  Sizes axes = list_of(node, operands, 1, "axes");
  const std::int64_t rank = result.rank() + static_cast<std::int64_t>(axes.size());
  require<FormatError>(rank <= 16, "node '{}' (Unsqueeze): {} axes", node.name, rank);
  for (std::int64_t& axis : axes) axis = checked_axis(axis, rank);
  std::sort(axes.begin(), axes.end());
  for (const std::int64_t axis : axes) {
    require<FormatError>(axis <= result.rank(), "node '{}' (Unsqueeze): an axis twice", node.name);
    result.sizes.insert(result.sizes.begin() + axis, 1);
  }
  return result;
}

OnnxTensor range(const OnnxNode& node, OnnxOperands operands) {
  const OnnxTensor& start = operand(node, operands, 0);
  const OnnxTensor& limit = operand(node, operands, 1);
  const OnnxTensor& step = operand(node, operands, 2);
  require<FormatError>(
      start.numbers.size() == 1 && limit.numbers.size() == 1 && step.numbers.size() == 1 && step.numbers[0] != 0,
      "node '{}' (Range): three numbers are expected, the step not 0", node.name);
  const double count = std::max(0.0, std::ceil((limit.numbers[0] - start.numbers[0]) / step.numbers[0]));
  require<FormatError>(count <= static_cast<double>(most_elements), "node '{}' (Range): {} numbers", node.name, count);
  OnnxTensor result = make_tensor(start.kind, {static_cast<std::int64_t>(count)});
  for (std::size_t i = 0; i < result.numbers.size(); ++i)
    result.numbers[i] = start.numbers[0] + static_cast<double>(i) * step.numbers[0];
  return result;
}

OnnxTensor tile(const OnnxNode& node, OnnxOperands operands) {
  const OnnxTensor& from = operand(node, operands, 0);
  const Sizes repeats = integers_of(operand(node, operands, 1));
  require<FormatError>(repeats.size() == from.sizes.size(), "node '{}' (Tile): {} repeats of {} axes", node.name,
                       repeats.size(), from.sizes.size());
  Sizes sizes = from.sizes;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    require<FormatError>(repeats[i] >= 0 && !__builtin_mul_overflow(sizes[i], repeats[i], &sizes[i]),
                         "node '{}' (Tile): {} repeats", node.name, repeats[i]);
  OnnxTensor result = make_tensor(from.kind, sizes);
  for (std::size_t i = 0; i < result.numbers.size(); ++i) {
    std::int64_t place = 0;
    std::int64_t stride = 1;
    auto rest = static_cast<std::int64_t>(i);
    for (std::size_t axis = sizes.size(); axis-- > 0;) {
      place += rest % sizes[axis] % from.sizes[axis] * stride;
      stride *= from.sizes[axis];
      rest /= sizes[axis];
    }
    result.numbers[i] = from.numbers[static_cast<std::size_t>(place)];
  }
  return result;
}

OnnxTensor size(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor result = make_tensor(OnnxTensor::Kind::integer, {});
  result.numbers = {static_cast<double>(operand(node, operands, 0).numbers.size())};
  return result;
}

}  // namespace

std::optional<std::vector<OnnxTensor>> compute_reshape(const OnnxNode& node, OnnxOperands operands) {
  const auto one = [](OnnxTensor result) { return std::vector<OnnxTensor>{std::move(result)}; };
  if (node.op == "Transpose") return one(transpose(node, operands));
  if (node.op == "Reshape") return one(reshape(node, operands));
  if (node.op == "Flatten") return one(flatten(node, operands));
  if (node.op == "Squeeze") return one(squeeze(node, operands));
  if (node.op == "Unsqueeze") return one(unsqueeze(node, operands));
  if (node.op == "Range") return one(range(node, operands));
  if (node.op == "Tile") return one(tile(node, operands));
  if (node.op == "Size") return one(size(node, operands));
  return std::nullopt;
}

}  // namespace recur::interop
