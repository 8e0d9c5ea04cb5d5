#include <recur/interop/audio/rtneural.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/bytes.h>
#include <recur/interop/internal/layer_view.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace recur::interop {
namespace {

Json shape_of(Index size) { return Json::array({nullptr, nullptr, size}); }

std::string activation_name(const LayerView& layer) {
  const std::string name = layer.text("activation", "linear");
  constexpr std::array<std::string_view, 6> known = {"linear", "tanh", "relu", "sigmoid", "softmax", "elu"};
  require<ValueError>(
      std::find(known.begin(), known.end(), name) != known.end(),
      "write_rtneural: layer '{}' has the activation '{}'; tanh, relu, sigmoid, softmax and elu can be written",
      layer.name, name);
  return name == "linear" ? "" : name;
}

Json write_dense(const LayerView& layer) {
  Json weights = Json::array({write_array(layer.weight("kernel"))});
  if (layer.has("bias")) weights.push_back(write_array(layer.weight("bias")));
  return {{"type", "dense"},
          {"activation", activation_name(layer)},
          {"shape", shape_of(layer.weight("kernel").shape()[1])},
          {"weights", weights}};
}

Json write_recurrent(const LayerView& layer) {
  check_plugin_layer(layer, "write_rtneural");
  require<ValueError>(layer.class_name != "SimpleRNN",
                      "write_rtneural: layer '{}' is a SimpleRNN, which RTNeural does not have", layer.name);
  const bool lstm = layer.class_name == "LSTM";
  const Array& kernel = layer.weight("kernel");
  const Index columns = kernel.shape()[1];
  Array bias = layer.has("bias") ? layer.weight("bias").clone()
                                 : Array(lstm ? Shape{columns} : Shape{2, columns}, DType::float32);
  if (lstm) bias = summed_bias(bias);
  const Json weights =
      Json::array({write_array(kernel), write_array(layer.weight("recurrent_kernel")), write_array(bias)});
  return {{"type", lstm ? "lstm" : "gru"},
          {"activation", ""},
          {"shape", shape_of(layer.weight("recurrent_kernel").shape()[0])},
          {"weights", weights}};
}

Json write_layers(const std::vector<LayerView>& layers, Index features) {
  Json json;
  json["in_shape"] = shape_of(features);
  json["layers"] = Json::array();
  Index size = features;
  for (const LayerView& layer : layers) {
    if (layer.class_name == "Dense") json["layers"].push_back(write_dense(layer));
    else if (layer.class_name == "Activation")
      json["layers"].push_back({{"type", "activation"},
                                {"activation", activation_name(layer)},
                                {"shape", shape_of(size)},
                                {"weights", Json::array()}});
    else json["layers"].push_back(write_recurrent(layer));
    size = json["layers"].back()["shape"].back().get<Index>();
  }
  return json;
}

double decibel(double gain) {
  require<ValueError>(gain >= 0 && std::isfinite(gain), "write_aidax: a gain of {} has no decibels", gain);
  return gain == 0 ? -90 : 20 * std::log10(gain);
}

// A sine whose frequency and level grow.
std::vector<float> sweep() {
  constexpr std::size_t count = 2048;
  std::vector<float> samples(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double at = static_cast<double>(i) / count;
    samples[i] = static_cast<float>((0.1 + 0.4 * at) * std::sin(2 * std::numbers::pi * (10 * at + 60 * at * at)));
  }
  return samples;
}

void check_shapes(const std::vector<LayerView>& layers, Index features) {
  require<ValueError>(layers.size() == 2 && (layers[0].class_name == "LSTM" || layers[0].class_name == "GRU") &&
                          layers[1].class_name == "Dense",
                      "write_aidax: the plugin runs one LSTM or GRU and one Dense, got {} layers", layers.size());
  constexpr std::array<Index, 9> compiled = {8, 12, 16, 20, 24, 32, 40, 64, 80};
  const Index units = layers[0].weight("recurrent_kernel").shape()[0];
  require<ValueError>(std::find(compiled.begin(), compiled.end(), units) != compiled.end(),
                      "write_aidax: {} units; the plugin has 8, 12, 16, 20, 24, 32, 40, 64 and 80 compiled in", units);
  require<ValueError>(features >= 1 && features <= 3, "write_aidax: {} inputs; the plugin has 1 to 3", features);
  require<ValueError>(layers[1].weight("kernel").shape()[1] == 1,
                      "write_aidax: the plugin has one output, the model {}", layers[1].weight("kernel").shape()[1]);
}

}  // namespace

void write_rtneural(const std::filesystem::path& file, Sequential& model, const ModelDescription& description) {
  require_plain(description.path, "write_rtneural");
  write_whole_file(file, write_layers(view_layers(model), description.features).dump());
}

void write_aidax(const std::filesystem::path& file, Sequential& model, const ModelDescription& description,
                 std::span<const float> test) {
  const std::vector<LayerView> layers = view_layers(model);
  check_shapes(layers, description.features);
  Json json = write_layers(layers, description.features);
  const SignalPath& path = description.path;
  require<ValueError>(!path.scaled(), "write_aidax: the format has no place for the scales of columns");
  require<ValueError>(path.skip <= 1, "write_aidax: {} channels are added to the output; the plugin adds one",
                      path.skip);
  if (path.skip > 0) json["in_skip"] = 1;
  if (path.input_gain != 1) json["in_gain"] = decibel(path.input_gain);
  if (path.output_gain != 1) json["out_gain"] = decibel(path.output_gain);
  std::vector<float> samples(test.begin(), test.end());
  if (samples.empty()) samples = sweep();
  // The plugin runs its test with gains of 1 and knobs at 0.
  Tensor<float> input(Shape{1, static_cast<Index>(samples.size()), description.features});
  for (std::size_t i = 0; i < samples.size(); ++i)
    input.values()[i * static_cast<std::size_t>(description.features)] = samples[i];
  ModelDescription plain;
  plain.path.skip = path.skip;
  const Tensor<float> output = run(model, plain, input);
  json["input_batch"] = samples;
  json["output_batch"] = std::vector<float>(output.values().begin(), output.values().end());
  json["metadata"] = {{"samplerate", description.sample_rate > 0 ? description.sample_rate : 48000}};
  write_whole_file(file, json.dump());
}

}  // namespace recur::interop
