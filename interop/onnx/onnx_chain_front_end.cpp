// The part of OnnxChain that makes layers of operators over [batch, channels, steps].

#include <recur/interop/onnx/onnx_chain.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>

namespace recur::interop {
namespace {

/// A list of one number for the axis of steps.
Index one_of(const OnnxNode& node, const char* key, Index otherwise) {
  const std::vector<std::int64_t> all = node.integers(key);
  return all.size() == 1 ? static_cast<Index>(all[0]) : otherwise;
}

bool pads_nothing(const OnnxNode& node) {
  const std::string automatic = node.text("auto_pad", "NOTSET");
  const std::vector<std::int64_t> pads = node.integers("pads");
  return (automatic == "NOTSET" || automatic == "VALID") &&
         std::ranges::all_of(pads, [](auto pad) { return pad == 0; });
}

/// `[filters, features, steps]` as `[steps, features, filters]`.
Array turned(const OnnxTensor& kernel) {
  const auto filters = static_cast<std::size_t>(kernel.sizes[0]), features = static_cast<std::size_t>(kernel.sizes[1]),
             steps = static_cast<std::size_t>(kernel.sizes[2]);
  std::vector<double> to(kernel.numbers.size());
  for (std::size_t f = 0; f < filters; ++f)
    for (std::size_t c = 0; c < features; ++c)
      for (std::size_t k = 0; k < steps; ++k)
        to[(k * features + c) * filters + f] = kernel.numbers[(f * features + c) * steps + k];
  return make_array(Shape{kernel.sizes[2], kernel.sizes[1], kernel.sizes[0]}, to);
}

}  // namespace

// The axes of data over which a node works as [batch, channels, steps]. The first layer says it of the input.
std::string OnnxChain::channel_axes(const OnnxNode& node, const Value& value) {
  std::string axes = value.axes;
  if (layers_.empty() && axes == "01F") {
    notes_.emplace_back("the input of the graph is [batch, channels, time], Recur's is [batch, time, features]");
    axes = "BFT";
  }
  if (axes == "0F1") axes = "BFT";
  if (axes != "BFT") refuse(node, fmt::format("its input has the axes {}, not [batch, channels, time]", value.axes));
  return axes;
}

// Causal convolutions of PyTorch stand behind a Pad of the steps before the first.
bool OnnxChain::pad_steps(const OnnxNode& node) {
  Value value = take(node, 0);
  value.axes = channel_axes(node, value);
  std::vector<std::int64_t> pads = list(node, 1, "pads");
  const OnnxTensor* const filling = constant(node, 2);
  const bool zeros =
      node.text("mode", "constant") == "constant" && node.real("value", 0) == 0 &&
      (operand(node, 2) == nullptr || (filling != nullptr && filling->numbers == std::vector<double>{0}));
  if (!zeros || operand(node, 3) != nullptr || pads.size() != 6 || pads[2] < 0 ||
      std::ranges::any_of(std::vector{pads[0], pads[1], pads[3], pads[4], pads[5]}, [](auto pad) { return pad != 0; }))
    refuse(node, "padding of something else than zeros before the first step");
  value.padding = static_cast<Index>(pads[2]);
  set(node, std::move(value));
  return true;
}

const char* OnnxChain::padding_of(const OnnxNode& node, Index reach, Index stride, Index padded) const {
  const std::string automatic = node.text("auto_pad", "NOTSET");
  std::vector<std::int64_t> pads = node.integers("pads");
  if (pads.empty()) pads = {0, 0};
  const Index before = padded + pads[0], after = pads.size() > 1 ? pads[1] : 0;
  if (padded == 0 && automatic == "SAME_UPPER") return "same";
  if (padded == 0 && automatic == "SAME_LOWER" && stride == 1 && reach % 2 == 0) return "same";
  if (automatic == "NOTSET" || automatic == "VALID") {
    if (before == 0 && after == 0) return "valid";
    if (before == reach && after == 0) return "causal";
    if (stride == 1 && before == reach / 2 && after == reach - reach / 2) return "same";
  }
  refuse(node, fmt::format("{} steps of padding before and {} behind; a Conv1D has none, {} before, or as many as keep "
                           "the number of steps",
                           before, after, reach));
}

void OnnxChain::add_convolution(const OnnxNode& node) {
  const Value* const given = operand(node, 0);
  if (given == nullptr) refuse(node, "no data");
  const Index padded = given->padding;
  const Value value = take(node, 0, padded);
  const std::string axes = channel_axes(node, value);
  const OnnxTensor* const kernel = constant(node, 1);
  const OnnxTensor* const bias = constant(node, 2);
  if (kernel == nullptr || kernel->rank() != 3 || (bias == nullptr && operand(node, 2) != nullptr))
    refuse(node, "a kernel or bias that is no constant over one axis of steps");
  if (node.integer("group", 1) != 1) refuse(node, "groups of channels");
  need_features(node, kernel->sizes[1]);
  const Index stride = one_of(node, "strides", 1), dilation = one_of(node, "dilations", 1);
  const Index reach = dilation * (kernel->sizes[2] - 1);
  OnnxLayer layer{"Conv1D",
                  "",
                  {{"filters", kernel->sizes[0]},
                   {"kernel_size", kernel->sizes[2]},
                   {"strides", stride},
                   {"dilation_rate", dilation},
                   {"padding", padding_of(node, reach, stride, padded)},
                   {"use_bias", bias != nullptr}}};
  layer.tensors.push_back({"kernel", turned(*kernel)});
  if (bias != nullptr) layer.tensors.push_back({"bias", array_of(*bias, {kernel->sizes[0]})});
  size_ = kernel->sizes[0];
  add(node, std::move(layer), axes);
}

void OnnxChain::add_batch_normalization(const OnnxNode& node) {
  const Value value = take(node, 0);
  if (node.integer("training_mode", 0) != 0) refuse(node, "statistics of the batch");
  const bool rows = value.axes == "BF" || value.axes == "01";
  const std::string axes = rows ? "BF" : channel_axes(node, value);
  OnnxLayer layer{"BatchNormalization", "", {{"epsilon", node.real("epsilon", 1e-5)}}};
  std::size_t place = 0;
  for (const char* name : {"gamma", "beta", "moving_mean", "moving_variance"}) {
    const OnnxTensor* const numbers = constant(node, ++place);
    if (numbers == nullptr) refuse(node, "statistics that are no constants");
    const auto count = static_cast<Index>(numbers->numbers.size());
    need_features(node, count);
    layer.tensors.push_back({name, array_of(*numbers, {count})});
  }
  add(node, std::move(layer), axes);
}

// A factor for each feature, and the shift behind it: what write_onnx makes of a BatchNormalization.
bool OnnxChain::add_factor(const OnnxNode& node) {
  const std::size_t place = constant(node, 0) != nullptr ? 1 : 0;
  const OnnxTensor* const factor = constant(node, 1 - place);
  if (factor == nullptr || factor->rank() != 1) return false;
  const Value value = take(node, place);
  const std::string axes = features_axes(node, value);
  const auto count = static_cast<Index>(factor->numbers.size());
  need_features(node, count);
  OnnxLayer layer{"BatchNormalization", "", {{"epsilon", 0.0}, {"center", false}}};
  Array zeros({count}, DType::float32), ones({count}, DType::float32);
  ones.fill(1);
  layer.tensors.push_back({"gamma", array_of(*factor, {count})});
  layer.tensors.push_back({"moving_mean", std::move(zeros)});
  layer.tensors.push_back({"moving_variance", std::move(ones)});
  add(node, std::move(layer), axes);
  return true;
}

// The shift of a factor.
bool OnnxChain::add_shift(OnnxLayer& layer, const OnnxTensor& shift) const {
  if (layer.class_name != "BatchNormalization" || layer.config.value("center", true) || shift.rank() != 1 ||
      static_cast<Index>(shift.numbers.size()) != size_)
    return false;
  layer.config["center"] = true;
  layer.tensors.insert(layer.tensors.begin() + 1, {"beta", array_of(shift, {size_})});
  return true;
}

void OnnxChain::add_pooling_over_steps(const OnnxNode& node) {
  const Value value = take(node, 0);
  std::string axes = channel_axes(node, value);
  if (layers_.empty()) refuse(node, "pooling of the input, whose number of channels is not known");
  const bool most = node.op.find("Max") != std::string::npos;
  if (node.op.starts_with("Global")) {
    axes[2] = 'S';
    return add(node, {most ? "GlobalMaxPooling1D" : "GlobalAveragePooling1D", ""}, axes);
  }
  const Index size = one_of(node, "kernel_shape", 0);
  if (size < 1 || !pads_nothing(node) || one_of(node, "dilations", 1) != 1 || node.integer("ceil_mode", 0) != 0)
    refuse(node, "pooling that pads, is dilated or rounds up");
  OnnxLayer layer{
      most ? "MaxPooling1D" : "AveragePooling1D", "", {{"pool_size", size}, {"strides", one_of(node, "strides", 1)}}};
  add(node, std::move(layer), axes);
}

}  // namespace recur::interop
