#include <recur/interop/audio/nam.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/bytes.h>
#include <recur/interop/internal/layer_view.h>
#include <recur/layers/recurrent/rnn.h>

#include <cstdio>

namespace recur::interop {
namespace {

/// Takes weights from the flat list.
class Weights {
 public:
  Weights(const Json& list, const std::string& where) : all_(read_array(list, where)), numbers_(all_.to_doubles()) {}

  std::vector<double> take(Index count) {
    const auto first = numbers_.begin() + at_;
    at_ += count;
    return {first, first + count};
  }
  [[nodiscard]] Index size() const { return static_cast<Index>(numbers_.size()); }

 private:
  Array all_;
  std::vector<double> numbers_;
  std::ptrdiff_t at_ = 0;
};

struct NamSizes {
  Index inputs, units, layers, outputs;

  // Of each layer a matrix, a bias and two states; of the head a matrix and a bias.
  [[nodiscard]] Index count() const {
    Index total = outputs * units + outputs;
    for (Index l = 0; l < layers; ++l) total += 4 * units * ((l == 0 ? inputs : units) + units) + 6 * units;
    return total;
  }
};

NamSizes read_sizes(const Json& json, const std::string& where) {
  const auto config = json.find("config");
  require<FormatError>(config != json.end() && config->is_object(), "{}: there is no \"config\"", where);
  constexpr std::int64_t most = 4096;
  const auto size = [&](const char* key) {
    const std::int64_t value = read_integer(*config, key, where);
    require<FormatError>(value >= 1 && value <= most, "{}: {} is {}, 1 to {} are supported", where, key, value, most);
    return static_cast<Index>(value);
  };
  NamSizes sizes{size("input_size"), size("hidden_size"), size("num_layers"), 1};
  if (config->contains("out_channels")) sizes.outputs = size("out_channels");
  return sizes;
}

void check_version(const Json& json, const std::string& where) {
  const std::string version = read_string(json, "version", where);
  int major = 0;
  int minor = 0;
  require<FormatError>(
      std::sscanf(version.c_str(), "%d.%d", &major, &minor) == 2 && major == 0 && minor >= 5 && minor <= 7,
      "{}: version {} is not supported (0.5 to 0.7 are)", where, version);
}

// [4H][inputs + H], columns of the input first.
std::vector<NamedTensor> read_layer(Weights& weights, Index inputs, Index units, std::vector<Array>& states) {
  const std::vector<double> matrix = weights.take(4 * units * (inputs + units));
  std::vector<double> kernel;
  std::vector<double> recurrent;
  for (Index row = 0; row < 4 * units; ++row) {
    const auto begin = matrix.begin() + row * (inputs + units);
    kernel.insert(kernel.end(), begin, begin + inputs);
    recurrent.insert(recurrent.end(), begin + inputs, begin + inputs + units);
  }
  std::vector<NamedTensor> tensors;
  tensors.push_back({"kernel", rows_to_columns(make_array({4 * units, inputs}, kernel), {0})});
  tensors.push_back({"recurrent_kernel", rows_to_columns(make_array({4 * units, units}, recurrent), {0})});
  tensors.push_back({"bias", make_array({4 * units}, weights.take(4 * units))});
  for (int i = 0; i < 2; ++i) states.push_back(make_array({units}, weights.take(units)));
  return tensors;
}

void append(std::vector<double>& to, const Array& from) {
  const std::vector<double> more = from.to_doubles();
  to.insert(to.end(), more.begin(), more.end());
}

void append_layer(std::vector<double>& to, const LayerView& layer, std::span<const Array> states) {
  const Array kernel = columns_to_rows(layer.weight("kernel"), {0});
  const Array recurrent = columns_to_rows(layer.weight("recurrent_kernel"), {0});
  for (Index row = 0; row < kernel.shape()[0]; ++row) {
    append(to, row_of(kernel, row));
    append(to, row_of(recurrent, row));
  }
  append(to, layer.has("bias") ? summed_bias(layer.weight("bias")) : Array({kernel.shape()[0]}, DType::float32));
  for (const Array& state : states) append(to, state);
}

// Runs a second of silence through a copy whose layers are stateful, and returns their states.
std::vector<std::vector<Array>> rest_states(Sequential& model, double sample_rate) {
  std::vector<RNN*> layers;
  for (AnyLayer& layer : model.layers())
    if (RNN* const rnn = layer->rnn()) layers.push_back(rnn);
  std::vector<RNNOptions> before;
  for (RNN* const rnn : layers) {
    before.push_back(rnn->options());
    RNNOptions options = rnn->options();
    options.stateful = true;
    rnn->set_options(options);
  }
  Tape tape;
  const NoGradient inference(tape);
  constexpr Index piece = 1000;
  for (Index done = 0; done < static_cast<Index>(sample_rate); done += piece) {
    (void)model(tape.constant(Array(Shape{1, piece, 1}, DType::float32)));
    tape.reset();
  }
  std::vector<std::vector<Array>> states;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    states.emplace_back();
    for (const Array& state : layers[i]->states()) states.back().push_back(state.clone());
    layers[i]->set_options(before[i]);
  }
  return states;
}

}  // namespace

ModelDescription read_nam(const std::string& text, const std::string& where) {
  const Json json = parse_json(text, where);
  require<FormatError>(json.is_object(), "{}: an object is expected", where);
  check_version(json, where);
  const std::string architecture = read_string(json, "architecture", where);
  require<FormatError>(architecture == "LSTM", "{}: the architecture is {}; only LSTM is imported", where,
                       architecture);
  const NamSizes sizes = read_sizes(json, where);
  require<FormatError>(json.contains("weights"), "{}: there are no \"weights\"", where);
  Weights weights(json["weights"], where + ": weights");
  require<FormatError>(
      weights.size() == sizes.count(),
      "{}: one or more weights are missing or too many: {} are there, {} belong to {} layers of {} units", where,
      weights.size(), sizes.count(), sizes.layers, sizes.units);
  Assembly assembly;
  std::vector<std::vector<Array>> states;
  for (Index l = 0; l < sizes.layers; ++l) {
    states.emplace_back();
    std::vector<NamedTensor> tensors =
        read_layer(weights, l == 0 ? sizes.inputs : sizes.units, sizes.units, states.back());
    assembly.add("LSTM", "", {{"units", sizes.units}, {"return_sequences", true}, {"stateful", true}},
                 std::move(tensors));
  }
  std::vector<NamedTensor> head;
  head.push_back(
      {"kernel",
       rows_to_columns(make_array({sizes.outputs, sizes.units}, weights.take(sizes.outputs * sizes.units)), {0})});
  head.push_back({"bias", make_array({sizes.outputs}, weights.take(sizes.outputs))});
  assembly.add("Dense", "", {{"units", sizes.outputs}}, std::move(head));
  ModelDescription result = assembly.finish("NAM (Neural Amp Modeler)", sizes.inputs, {});
  result.states = std::move(states);
  result.sample_rate = read_number(json, "sample_rate", 48000, where);
  if (!json.contains("sample_rate")) result.notes.emplace_back("the file has no sample rate: 48000 by convention");
  return result;
}

void write_nam(const std::filesystem::path& file, Sequential& model, const ModelDescription& description) {
  constexpr const char* where = "write_nam";
  require_plain(description.path, where);
  const std::vector<LayerView> layers = view_layers(model);
  require<ValueError>(layers.size() >= 2 && layers.back().class_name == "Dense" &&
                          layers.back().text("activation", "linear") == "linear",
                      "{}: the model must be LSTMs and a linear Dense", where);
  const Index units = layers[0].config.value("units", Index{0});
  require<ValueError>(description.features == 1 && layers.back().weight("kernel").shape()[1] == 1,
                      "{}: the model must have one input and one output", where);
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    check_plugin_layer(layers[i], where);
    require<ValueError>(layers[i].class_name == "LSTM" && layers[i].config.value("units", Index{0}) == units,
                        "{}: all layers must be LSTMs of one size", where);
  }
  const double sample_rate = description.sample_rate > 0 ? description.sample_rate : 48000;
  const auto states = rest_states(model, sample_rate);
  std::vector<double> weights;
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) append_layer(weights, layers[i], states[i]);
  append(weights, columns_to_rows(layers.back().weight("kernel"), {0}));
  append(weights, layers.back().has("bias") ? layers.back().weight("bias").clone() : Array({Index{1}}, DType::float32));
  Json json;
  json["version"] = "0.5.4";
  json["metadata"] = nullptr;
  json["architecture"] = "LSTM";
  json["config"] = {{"input_size", 1}, {"hidden_size", units}, {"num_layers", layers.size() - 1}};
  json["weights"] = weights;
  json["sample_rate"] = sample_rate;
  write_whole_file(file, json.dump());
}

}  // namespace recur::interop
