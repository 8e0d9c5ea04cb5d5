#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>

namespace recur::interop {
namespace {

// One of each for the single axis of steps.
std::int64_t one_of(const OnnxNode& node, const char* key) {
  if (!node.has(key)) return 1;
  const std::vector<std::int64_t> values = node.integers(key);
  require<FormatError>(values.size() == 1 && values[0] >= 1 && values[0] <= most_elements,
                       "node '{}' (Conv): {} of one axis, at least 1", node.name, key);
  return values[0];
}

struct Padding {
  std::int64_t before = 0, after = 0;
};

Padding padding_of(const OnnxNode& node, std::int64_t steps, std::int64_t reach, std::int64_t stride) {
  const std::string automatic = node.text("auto_pad", "NOTSET");
  if (automatic == "VALID") return {};
  if (automatic == "NOTSET") {
    const std::vector<std::int64_t> pads = node.integers("pads");
    if (pads.empty()) return {};
    require<FormatError>(
        pads.size() == 2 && std::min(pads[0], pads[1]) >= 0 && std::max(pads[0], pads[1]) <= most_elements,
        "node '{}' (Conv): pads of one axis, at least 0", node.name);
    return {pads[0], pads[1]};
  }
  const bool upper = automatic == "SAME_UPPER";
  require<FormatError>(upper || automatic == "SAME_LOWER", "node '{}' (Conv): auto_pad {}", node.name, automatic);
  const std::int64_t windows = (steps + stride - 1) / stride;
  const std::int64_t total = std::max<std::int64_t>((windows - 1) * stride + reach - steps, 0);
  return upper ? Padding{total / 2, total - total / 2} : Padding{total - total / 2, total / 2};
}

}  // namespace

std::optional<std::vector<OnnxTensor>> compute_convolution(const OnnxNode& node, OnnxOperands operands) {
  if (node.op != "Conv") return std::nullopt;
  const OnnxTensor& x = operand(node, operands, 0);
  const OnnxTensor& kernel = operand(node, operands, 1);
  const OnnxTensor* const bias = optional_operand(operands, 2);
  require<FormatError>(x.rank() == 3 && kernel.rank() == 3 && kernel.sizes[1] == x.sizes[1] && kernel.sizes[2] >= 1,
                       "node '{}' (Conv): [batch, channels, steps] and a kernel for as many channels are computed",
                       node.name);
  require<FormatError>(node.integer("group", 1) == 1, "node '{}' (Conv): several groups", node.name);
  const std::int64_t batch = x.sizes[0], channels = x.sizes[1], steps = x.sizes[2];
  const std::int64_t filters = kernel.sizes[0], size = kernel.sizes[2];
  require<FormatError>(bias == nullptr || static_cast<std::int64_t>(bias->numbers.size()) == filters,
                       "node '{}' (Conv): a bias for {} filters", node.name, filters);
  const std::int64_t stride = one_of(node, "strides"), dilation = one_of(node, "dilations");
  require<FormatError>(size <= most_elements, "node '{}' (Conv): a window of {} steps", node.name, size);
  const std::int64_t reach = (size - 1) * dilation + 1;
  const Padding padding = padding_of(node, steps, reach, stride);
  const std::int64_t whole = steps + padding.before + padding.after;
  require<FormatError>(whole >= reach, "node '{}' (Conv): {} steps for a window of {}", node.name, whole, reach);
  const std::int64_t windows = (whole - reach) / stride + 1;
  OnnxTensor result = make_tensor(OnnxTensor::Kind::real, {batch, filters, windows});
  for (std::int64_t row = 0; row < batch * filters; ++row)
    for (std::int64_t t = 0; t < windows; ++t) {
      const std::int64_t b = row / filters, f = row % filters;
      double sum = bias == nullptr ? 0 : bias->numbers[static_cast<std::size_t>(f)];
      for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t k = 0; k < size; ++k) {
          const std::int64_t step = t * stride - padding.before + k * dilation;
          if (step < 0 || step >= steps) continue;
          sum += x.numbers[static_cast<std::size_t>((b * channels + c) * steps + step)] *
                 kernel.numbers[static_cast<std::size_t>((f * channels + c) * size + k)];
        }
      result.numbers[static_cast<std::size_t>(row * windows + t)] = sum;
    }
  return std::vector<OnnxTensor>{std::move(result)};
}

}  // namespace recur::interop
