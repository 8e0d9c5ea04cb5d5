#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace recur::interop {

std::int64_t checked_count(std::span<const std::int64_t> sizes) {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes)
    require<FormatError>(size >= 0 && !__builtin_mul_overflow(count, size, &count) && count <= most_elements,
                         "onnx: a value of more than {} elements, or with a size of {}", most_elements, size);
  return count;
}

OnnxTensor make_tensor(OnnxTensor::Kind kind, std::vector<std::int64_t> sizes) {
  OnnxTensor result;
  result.kind = kind;
  result.numbers.resize(static_cast<std::size_t>(checked_count(sizes)));
  result.sizes = std::move(sizes);
  return result;
}

const OnnxTensor* optional_operand(OnnxOperands operands, std::size_t place) {
  return place < operands.size() ? operands[place] : nullptr;
}

const OnnxTensor& operand(const OnnxNode& node, OnnxOperands operands, std::size_t place) {
  const OnnxTensor* const found = optional_operand(operands, place);
  require<FormatError>(found != nullptr, "node '{}' ({}): input {} is missing", node.name, node.op, place);
  return *found;
}

std::vector<std::int64_t> integers_of(const OnnxTensor& tensor) {
  std::vector<std::int64_t> result;
  for (const double number : tensor.numbers) {
    require<FormatError>(std::abs(number) <= 9007199254740992.0, "onnx: {} is no integer", number);
    result.push_back(static_cast<std::int64_t>(number));
  }
  return result;
}

std::int64_t checked_axis(std::int64_t axis, std::int64_t rank) {
  const std::int64_t positive = axis < 0 ? axis + rank : axis;
  require<FormatError>(positive >= 0 && positive < rank, "onnx: axis {} of a value with {} axes", axis, rank);
  return positive;
}

std::vector<std::int64_t> list_of(const OnnxNode& node, OnnxOperands operands, std::size_t place, const char* key) {
  const OnnxTensor* const given = optional_operand(operands, place);
  return given != nullptr ? integers_of(*given) : node.integers(key);
}

namespace {

using Kind = OnnxTensor::Kind;
using Sizes = std::vector<std::int64_t>;

OnnxTensor integers(Sizes values) {
  OnnxTensor result = make_tensor(Kind::integer, {static_cast<std::int64_t>(values.size())});
  std::copy(values.begin(), values.end(), result.numbers.begin());
  return result;
}

// Products of the sizes before and behind an axis.
struct Around {
  std::int64_t before = 1, size = 1, behind = 1;
  Around(const OnnxTensor& tensor, std::int64_t axis) : size(tensor.sizes[static_cast<std::size_t>(axis)]) {
    for (std::int64_t i = 0; i < tensor.rank(); ++i)
      (i < axis ? before : behind) *= i == axis ? 1 : tensor.sizes[static_cast<std::size_t>(i)];
  }
};

// A value made of slices of another along one axis.
OnnxTensor picked(const OnnxTensor& from, std::int64_t axis, const Sizes& indices) {
  const Around around(from, axis);
  Sizes sizes = from.sizes;
  sizes[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(indices.size());
  OnnxTensor result = make_tensor(from.kind, sizes);
  auto to = result.numbers.begin();
  for (std::int64_t i = 0; i < around.before; ++i)
    for (const std::int64_t index : indices)
      to = std::copy_n(from.numbers.begin() + (i * around.size + index) * around.behind, around.behind, to);
  return result;
}

OnnxTensor gather(const OnnxNode& node, OnnxOperands operands) {
  const OnnxTensor& data = operand(node, operands, 0);
  const OnnxTensor& which = operand(node, operands, 1);
  const std::int64_t axis = checked_axis(node.integer("axis", 0), data.rank());
  Sizes indices = integers_of(which);
  const std::int64_t size = data.sizes[static_cast<std::size_t>(axis)];
  for (std::int64_t& index : indices) {
    require<FormatError>(index >= -size && index < size, "node '{}' (Gather): index {} of {}", node.name, index, size);
    if (index < 0) index += size;
  }
  OnnxTensor result = picked(data, axis, indices);
  result.sizes.erase(result.sizes.begin() + axis);
  result.sizes.insert(result.sizes.begin() + axis, which.sizes.begin(), which.sizes.end());
  return result;
}

OnnxTensor slice(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor result = operand(node, operands, 0);
  const Sizes starts = list_of(node, operands, 1, "starts");
  const Sizes ends = list_of(node, operands, 2, "ends");
  Sizes axes = list_of(node, operands, 3, "axes");
  Sizes steps = list_of(node, operands, 4, "steps");
  if (axes.empty())
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (steps.empty()) steps.assign(starts.size(), 1);
  require<FormatError>(starts.size() == ends.size() && axes.size() == starts.size() && steps.size() == starts.size(),
                       "node '{}' (Slice): lists of unequal lengths", node.name);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t axis = checked_axis(axes[i], result.rank());
    const std::int64_t size = result.sizes[static_cast<std::size_t>(axis)];
    if (size == 0) continue;
    const std::int64_t step = steps[i];
    require<FormatError>(step != 0, "node '{}' (Slice): a step of 0", node.name);
    const auto from_end = [&](std::int64_t at) { return at < 0 ? at + size : at; };
    const std::int64_t begin = std::clamp<std::int64_t>(from_end(starts[i]), 0, step > 0 ? size : size - 1);
    const std::int64_t end = std::clamp<std::int64_t>(from_end(ends[i]), step > 0 ? 0 : -1, size);
    Sizes indices;
    for (std::int64_t at = begin; (step > 0 ? at < end : at > end); at += step) indices.push_back(at);
    result = picked(result, axis, indices);
  }
  return result;
}

std::vector<OnnxTensor> split(const OnnxNode& node, OnnxOperands operands) {
  const OnnxTensor& from = operand(node, operands, 0);
  const std::int64_t axis = checked_axis(node.integer("axis", 0), from.rank());
  const std::int64_t size = from.sizes[static_cast<std::size_t>(axis)];
  Sizes parts = list_of(node, operands, 1, "split");
  if (parts.empty()) {
    const auto count = static_cast<std::int64_t>(std::max<std::size_t>(node.outputs.size(), 1));
    const std::int64_t part = (size + count - 1) / count;
    for (std::int64_t i = 0; i < count; ++i) parts.push_back(std::clamp<std::int64_t>(size - i * part, 0, part));
  }
  std::vector<OnnxTensor> results;
  std::int64_t at = 0;
  for (const std::int64_t part : parts) {
    require<FormatError>(part >= 0 && part <= size - at, "node '{}' (Split): parts that exceed {}", node.name, size);
    Sizes indices(static_cast<std::size_t>(part));
    std::iota(indices.begin(), indices.end(), at);
    results.push_back(picked(from, axis, indices));
    at += part;
  }
  require<FormatError>(at == size, "node '{}' (Split): parts of {} in all, the axis has {}", node.name, at, size);
  return results;
}

OnnxTensor concat(const OnnxNode& node, OnnxOperands operands) {
  const OnnxTensor& first = operand(node, operands, 0);
  const std::int64_t axis = checked_axis(node.integer("axis", 0), first.rank());
  Sizes sizes = first.sizes;
  sizes[static_cast<std::size_t>(axis)] = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    Sizes own = operand(node, operands, i).sizes;
    require<FormatError>(own.size() == sizes.size(), "node '{}' (Concat): values of unequal rank", node.name);
    sizes[static_cast<std::size_t>(axis)] += own[static_cast<std::size_t>(axis)];
    own[static_cast<std::size_t>(axis)] = first.sizes[static_cast<std::size_t>(axis)];
    require<FormatError>(own == first.sizes, "node '{}' (Concat): values of unequal sizes", node.name);
  }
  OnnxTensor result = make_tensor(first.kind, sizes);
  const std::int64_t before = Around(first, axis).before;
  auto to = result.numbers.begin();
  for (std::int64_t i = 0; i < before; ++i)
    for (const OnnxTensor* const one : operands) {
      const Around around(*one, axis);
      to = std::copy_n(one->numbers.begin() + i * around.size * around.behind, around.size * around.behind, to);
    }
  return result;
}

OnnxTensor expand(const OnnxNode& node, OnnxOperands operands) {
  OnnxNode add = node;
  add.op = "Add";
  const OnnxTensor zeros = make_tensor(operand(node, operands, 0).kind, integers_of(operand(node, operands, 1)));
  const std::array<const OnnxTensor*, 2> both = {operands[0], &zeros};
  return std::move(compute_pointwise(add, both)->front());
}

// All sizes, or those of a range of axes.
OnnxTensor shape_of(const OnnxNode& node, OnnxOperands operands) {
  const Sizes& sizes = operand(node, operands, 0).sizes;
  const auto rank = static_cast<std::int64_t>(sizes.size());
  const auto place = [&](const char* key, std::int64_t otherwise) {
    const std::int64_t at = node.integer(key, otherwise);
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t start = place("start", 0);
  const std::int64_t end = std::max(start, place("end", rank));
  return integers(Sizes(sizes.begin() + start, sizes.begin() + end));
}

OnnxTensor constant_of_shape(const OnnxNode& node, OnnxOperands operands) {
  const auto at = node.attributes.find("value");
  const bool given = at != node.attributes.end() && at->second.tensor && at->second.tensor->numbers.size() == 1;
  OnnxTensor result =
      make_tensor(given ? at->second.tensor->kind : Kind::real, integers_of(operand(node, operands, 0)));
  if (given) std::fill(result.numbers.begin(), result.numbers.end(), at->second.tensor->numbers[0]);
  return result;
}

OnnxTensor constant(const OnnxNode& node) {
  if (const auto at = node.attributes.find("value"); at != node.attributes.end() && at->second.tensor)
    return *at->second.tensor;
  if (node.has("value_int")) {
    OnnxTensor result = make_tensor(Kind::integer, {});
    result.numbers = {static_cast<double>(node.integer("value_int", 0))};
    return result;
  }
  if (node.has("value_ints")) return integers(node.integers("value_ints"));
  if (const auto at = node.attributes.find("value_floats"); at != node.attributes.end()) {
    OnnxTensor result = make_tensor(Kind::real, {static_cast<std::int64_t>(at->second.reals.size())});
    result.numbers = at->second.reals;
    return result;
  }
  require<FormatError>(node.has("value_float"), "node '{}' (Constant): a constant of another kind", node.name);
  OnnxTensor result = make_tensor(Kind::real, {});
  result.numbers = {node.real("value_float", 0)};
  return result;
}

OnnxTensor cast(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor result = operand(node, operands, 0);
  const std::int64_t to = node.integer("to", 0);
  constexpr std::int64_t type_bool = 9;
  const bool real = to == 1 || to == 10 || to == 11;
  require<FormatError>(real || to == 6 || to == 7 || to == type_bool, "node '{}' (Cast): to type {}", node.name, to);
  result.kind = real ? Kind::real : (to == type_bool ? Kind::boolean : Kind::integer);
  if (!real)
    for (double& x : result.numbers) x = to == type_bool ? (x != 0 ? 1 : 0) : std::trunc(x);
  return result;
}

OnnxTensor reverse_sequence(const OnnxNode& node, OnnxOperands operands) {
  const OnnxTensor& from = operand(node, operands, 0);
  const Sizes lengths = integers_of(operand(node, operands, 1));
  const std::int64_t time_axis = node.integer("time_axis", 0);
  require<FormatError>(
      from.rank() >= 2 && time_axis + node.integer("batch_axis", 1) == 1 && (time_axis == 0 || time_axis == 1),
      "node '{}' (ReverseSequence): time and batch must be the first two axes", node.name);
  const std::int64_t time = from.sizes[static_cast<std::size_t>(time_axis)];
  const std::int64_t batch = from.sizes[static_cast<std::size_t>(1 - time_axis)];
  require<FormatError>(static_cast<std::int64_t>(lengths.size()) == batch,
                       "node '{}' (ReverseSequence): {} lengths of {}", node.name, lengths.size(), batch);
  const std::int64_t inner = Around(from, 1).behind;
  OnnxTensor result = from;
  for (std::int64_t b = 0; b < batch; ++b) {
    const std::int64_t length = lengths[static_cast<std::size_t>(b)];
    require<FormatError>(length >= 0 && length <= time, "node '{}' (ReverseSequence): a length of {}", node.name,
                         length);
    for (std::int64_t t = 0; t < length; ++t) {
      const auto place = [&](std::int64_t step) {
        return (time_axis == 0 ? step * batch + b : b * time + step) * inner;
      };
      std::copy_n(from.numbers.begin() + place(length - 1 - t), inner, result.numbers.begin() + place(t));
    }
  }
  return result;
}

}  // namespace

std::optional<std::vector<OnnxTensor>> compute_shape(const OnnxNode& node, OnnxOperands operands) {
  const std::string& op = node.op;
  const auto one = [](OnnxTensor result) { return std::vector<OnnxTensor>{std::move(result)}; };
  if (op == "Constant") return one(constant(node));
  if (op == "Shape") return one(shape_of(node, operands));
  if (op == "ConstantOfShape") return one(constant_of_shape(node, operands));
  if (op == "Expand") return one(expand(node, operands));
  if (op == "Gather") return one(gather(node, operands));
  if (op == "Slice") return one(slice(node, operands));
  if (op == "Split") return split(node, operands);
  if (op == "Concat") return one(concat(node, operands));
  if (op == "Cast") return one(cast(node, operands));
  if (op == "ReverseSequence") return one(reverse_sequence(node, operands));
  return std::nullopt;
}

}  // namespace recur::interop
