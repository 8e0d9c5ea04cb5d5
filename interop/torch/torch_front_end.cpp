#include <recur/interop/torch/torch_front_end.h>

#include <recur/interop/internal/layer_view.h>

#include <charconv>
#include <cmath>

namespace recur::interop {
namespace {

constexpr const char* function = "describe_torch";

/// A number that PyTorch prints as `3` or `(3,)`.
Index number_of(const TorchModule& module, std::size_t place, const std::string& key, Index otherwise) {
  std::string text = place < module.arguments.size() ? module.arguments[place] : module.option(key, "");
  if (text.empty()) return otherwise;
  if (text.starts_with("(")) text = text.substr(1, text.find_first_of(",)") - 1);
  Index value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require<FormatError>(error == std::errc() && end == text.data() + text.size(),
                       "{}: {} of '{}' ({}) must be a number, got '{}'", function, key, module.name, module.class_name,
                       text);
  return value;
}

/// `[filters, features, steps]` to `[steps, features, filters]`, or back.
Array turned(const Array& kernel) {
  const Shape& shape = kernel.shape();
  const std::vector<double> from = kernel.to_doubles();
  std::vector<double> to(from.size());
  for (Index i = 0; i < shape[0]; ++i)
    for (Index j = 0; j < shape[1]; ++j)
      for (Index k = 0; k < shape[2]; ++k)
        to[static_cast<std::size_t>((k * shape[1] + j) * shape[0] + i)] =
            from[static_cast<std::size_t>((i * shape[1] + j) * shape[2] + k)];
  Array result(Shape{shape[2], shape[1], shape[0]}, kernel.dtype());
  result.assign(std::span<const double>(to));
  return result;
}

/// PyTorch pads both ends alike, Keras's "same" as much as keeps the number of steps.
const char* padding_of(const TorchModule& module, Index size, Index stride, Index dilation) {
  const std::string text = module.option("padding", "0");
  if (text == "same" || text == "'same'") return "same";
  if (text == "valid" || text == "'valid'") return "valid";
  const Index padding = number_of(module, module.arguments.size(), "padding", 0);
  if (padding == 0) return "valid";
  require<FormatError>(stride == 1 && 2 * padding == dilation * (size - 1),
                       "{}: '{}' pads {} steps at each end; a Conv1D pads none, or as many as keep the number of steps "
                       "({} with a stride of 1)",
                       function, module.name, padding,
                       fmt::format("{:g}", static_cast<double>(dilation * (size - 1)) / 2));
  return "same";
}

TorchLayer convolution(const TorchModule& module, const TensorGroup& g, std::vector<std::string>& notes) {
  const Array& weight = g.at("weight");
  const Shape& shape = weight.shape();
  require<FormatError>(shape.rank() == 3, "{}: '{}' has shape {}", function, g.full("weight"), shape);
  const Index stride = number_of(module, 3, "stride", 1), dilation = number_of(module, 5, "dilation", 1);
  require<FormatError>(number_of(module, 6, "groups", 1) == 1, "{}: '{}' has groups of channels", function,
                       module.name);
  require<FormatError>(module.option("padding_mode", "zeros").find("zeros") != std::string::npos,
                       "{}: '{}' pads with other numbers than zeros", function, module.name);
  if (module.arguments.empty() && module.options.empty())
    notes.push_back(fmt::format("assumed: '{}' has PyTorch's defaults: stride 1, no padding, dilation 1", module.name));
  TorchLayer layer{"Conv1D",
                   {{"filters", shape[0]},
                    {"kernel_size", shape[2]},
                    {"strides", stride},
                    {"dilation_rate", dilation},
                    {"padding", padding_of(module, shape[2], stride, dilation)},
                    {"use_bias", g.has("bias")}}};
  layer.weights.push_back({"kernel", turned(weight)});
  if (g.has("bias")) layer.weights.push_back({"bias", g.at("bias").clone()});
  layer.inputs = shape[1];
  layer.outputs = shape[0];
  return layer;
}

TorchLayer batch_normalization(const TorchModule& module, const TensorGroup& g, std::vector<std::string>& notes) {
  const bool gain = g.has("weight"), offset = g.has("bias");
  if (module.options.empty())
    notes.push_back(fmt::format("assumed: '{}' has PyTorch's default eps of 1e-5", module.name));
  const std::string momentum = module.option("momentum", "0.1");
  TorchLayer layer{"BatchNormalization",
                   {{"epsilon", std::stod(module.option("eps", "1e-5"))}, {"center", offset}, {"scale", gain}}};
  if (momentum != "None") layer.config["momentum"] = 1 - std::stod(momentum);
  if (gain) layer.weights.push_back({"gamma", g.at("weight").clone()});
  if (offset) layer.weights.push_back({"beta", g.at("bias").clone()});
  layer.weights.push_back({"moving_mean", g.at("running_mean").clone()});
  layer.weights.push_back({"moving_variance", g.at("running_var").clone()});
  layer.inputs = layer.outputs = g.at("running_mean").size();
  return layer;
}

TorchLayer pooling(const TorchModule& module) {
  if (module.class_name.starts_with("Adaptive")) {
    require<FormatError>(number_of(module, 0, "output_size", 1) == 1, "{}: '{}' keeps more than one step", function,
                         module.name);
    return {module.class_name == "AdaptiveMaxPool1d" ? "GlobalMaxPooling1D" : "GlobalAveragePooling1D", Json::object()};
  }
  const Index size = number_of(module, 0, "kernel_size", 0);
  require<FormatError>(size > 0 && number_of(module, 2, "padding", 0) == 0 &&
                           number_of(module, 3, "dilation", 1) == 1 && module.option("ceil_mode", "False") == "False",
                       "{}: '{}' pads, is dilated or rounds up, which pooling of Recur does not", function,
                       module.name);
  return {module.class_name == "MaxPool1d" ? "MaxPooling1D" : "AveragePooling1D",
          {{"pool_size", size}, {"strides", number_of(module, 1, "stride", size)}}};
}

}  // namespace

bool is_front_end(const TorchModule& module) {
  const std::string& name = module.class_name;
  return name == "Conv1d" || name == "BatchNorm1d" || name == "MaxPool1d" || name == "AvgPool1d" ||
         name == "AdaptiveAvgPool1d" || name == "AdaptiveMaxPool1d";
}

TorchLayer make_front_end(const TorchModule& module, const TensorGroup* g, std::vector<std::string>& notes) {
  if (module.class_name == "Conv1d" || module.class_name == "BatchNorm1d") {
    require<FormatError>(g != nullptr, "{}: there are no tensors of '{}' ({})", function, module.name,
                         module.class_name);
    return module.class_name == "Conv1d" ? convolution(module, *g, notes) : batch_normalization(module, *g, notes);
  }
  return pooling(module);
}

std::vector<NamedTensor> front_end_tensors(const LayerView& layer, const std::string& prefix,
                                           std::vector<std::string>& notes) {
  std::vector<NamedTensor> tensors;
  const auto add = [&](const char* theirs, const char* ours) {
    if (layer.has(ours)) tensors.push_back({prefix + theirs, layer.weight(ours).clone()});
  };
  if (layer.class_name == "BatchNormalization") {
    add("weight", "gamma");
    add("bias", "beta");
    add("running_mean", "moving_mean");
    add("running_var", "moving_variance");
    notes.push_back(fmt::format("'{}' is a BatchNorm1d over [batch, channels, time] with eps = {} and momentum = {:g}",
                                layer.name, layer.config["epsilon"].dump(),
                                1 - layer.config["momentum"].get<double>()));
    return tensors;
  }
  require<ValueError>(layer.class_name == "Conv1D", "to_state_dict: layer '{}' is a {}", layer.name, layer.class_name);
  const std::string padding = layer.text("padding", "valid");
  require<ValueError>(
      padding == "valid" || (padding == "same" && layer.config["strides"] == 1),
      "to_state_dict: layer '{}' has padding '{}' and strides {}; PyTorch's Conv1d pads both ends alike "
      "(pad by hand before a valid one)",
      layer.name, padding, layer.config["strides"].dump());
  tensors.push_back({prefix + "weight", turned(layer.weight("kernel"))});
  add("bias", "bias");
  notes.push_back(
      fmt::format("'{}' is a Conv1d over [batch, channels, time] with padding = '{}', stride = {} and "
                  "dilation = {}",
                  layer.name, padding, layer.config["strides"].dump(), layer.config["dilation_rate"].dump()));
  if (layer.text("activation", "linear") != "linear")
    notes.push_back(fmt::format("'{}' is followed by {}", layer.name, layer.text("activation", "")));
  return tensors;
}

}  // namespace recur::interop
