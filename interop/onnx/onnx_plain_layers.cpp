#ifdef RECUR_ONNX

#include <recur/interop/internal/onnx_plain_layers.h>

#include <recur/interop/internal/assembly.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace recur::interop {
namespace {

// ONNX has [filters, channels, size] for a kernel.
Array turned_kernel(const Array& kernel) {
  const Index size = kernel.shape()[0], channels = kernel.shape()[1], filters = kernel.shape()[2];
  const std::vector<double> from = kernel.to_doubles();
  std::vector<double> turned;
  for (Index f = 0; f < filters; ++f)
    for (Index c = 0; c < channels; ++c)
      for (Index k = 0; k < size; ++k)
        turned.push_back(from[static_cast<std::size_t>((k * channels + c) * filters + f)]);
  return make_array({filters, channels, size}, turned);
}

void set_padding(onnx::NodeProto& node, const LayerView& layer, Index size) {
  const auto stride = layer.config["strides"].get<std::int64_t>();
  const auto dilation = layer.config["dilation_rate"].get<std::int64_t>();
  const std::string padding = layer.text("padding", "valid");
  const std::int64_t missing = (size - 1) * dilation;
  OnnxBuilder::set(node, "strides", std::vector<std::int64_t>{stride});
  OnnxBuilder::set(node, "dilations", std::vector<std::int64_t>{dilation});
  if (padding == "causal") OnnxBuilder::set(node, "pads", {missing, 0});
  else if (padding == "same" && stride > 1) OnnxBuilder::set(node, "auto_pad", "SAME_UPPER");  // depends on the steps
  else if (padding == "same") OnnxBuilder::set(node, "pads", {missing / 2, missing - missing / 2});
}

// ONNX has the steps as the last axis.
std::string swapped(OnnxBuilder& to, const std::string& x) {
  onnx::NodeProto& node = to.node("Transpose", {x});
  OnnxBuilder::set(node, "perm", {0, 2, 1});
  return node.output(0);
}

}  // namespace

std::string add_batch_normalization(OnnxBuilder& to, const LayerView& layer, const std::string& x) {
  const std::vector<double> mean = layer.weight("moving_mean").to_doubles();
  std::vector<double> factor = layer.weight("moving_variance").to_doubles();
  std::vector<double> shift(mean.size());
  for (double& one : factor) one = 1 / std::sqrt(one + layer.config["epsilon"].get<double>());
  if (layer.has("gamma"))
    std::ranges::transform(factor, layer.weight("gamma").to_doubles(), factor.begin(), std::multiplies());
  if (layer.has("beta")) shift = layer.weight("beta").to_doubles();
  for (std::size_t i = 0; i < shift.size(); ++i) shift[i] -= mean[i] * factor[i];
  const Shape row = {static_cast<Index>(mean.size())};
  const std::string scaled =
      to.node("Mul", {x, to.constant(layer.name + ".factor", make_array(row, factor))}).output(0);
  return to.node("Add", {scaled, to.constant(layer.name + ".shift", make_array(row, shift))}).output(0);
}

std::string add_convolution(OnnxBuilder& to, const LayerView& layer, const std::string& x) {
  const Array& kernel = layer.weight("kernel");
  std::vector<std::string> inputs = {swapped(to, x), to.constant(layer.name + ".kernel", turned_kernel(kernel))};
  if (layer.has("bias")) inputs.push_back(to.constant(layer.name + ".bias", layer.weight("bias")));
  onnx::NodeProto& node = to.node("Conv", inputs);
  set_padding(node, layer, kernel.shape()[0]);
  return swapped(to, node.output(0));
}

}  // namespace recur::interop

#endif
