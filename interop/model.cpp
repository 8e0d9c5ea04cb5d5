#include <recur/interop/model.h>

#include <recur/interop/internal/json.h>
#include <recur/layers/config/config.h>
#include <recur/layers/flatten.h>
#include <recur/layers/recurrent/rnn.h>

#include <set>

namespace recur::interop {
namespace {

void append(std::string& list, const std::string& item) { list += (list.empty() ? "" : ", ") + item; }

// An upper bound of what one class takes by itself, by the sizes in its config. A layer without a known size takes
// nothing.
double least_numbers(const Json& layer) {
  if (!layer.is_object() || !layer.contains("config") || !layer["config"].is_object()) return 0;
  const Json& config = layer["config"];
  const std::string name = layer.value("class_name", "");
  const auto size = [&](const char* key) {
    const auto at = config.find(key);
    return at != config.end() && at->is_number() ? std::abs(at->get<double>()) : 0.0;
  };
  const double units = std::max(size("units"), size("hidden_size"));
  const bool recurrent = name.find("RNN") != std::string::npos || name.find("LSTM") != std::string::npos ||
                         name.find("GRU") != std::string::npos;
  double numbers = recurrent ? units * units : units;
  numbers += size("filters") * std::max(1.0, size("kernel_size"));
  numbers += size("input_dim") * size("output_dim") + size("input_size") * size("hidden_size");
  numbers += size("num_layers") * units;
  for (const auto& [key, value] : config.items()) {
    if (value.is_object()) numbers += least_numbers(value);
    if (value.is_array())
      for (const Json& element : value) numbers += least_numbers(element);
  }
  return numbers;
}

std::vector<RNN*> stateful(Sequential& model) {
  std::vector<RNN*> found;
  for (AnyLayer& layer : model.layers())
    if (RNN* const rnn = layer->rnn(); rnn != nullptr && rnn->options().stateful) found.push_back(rnn);
  return found;
}

// The size of the last axis behind a layer that is not built yet.
Index next_size(const AnyLayer& layer, Index size) {
  if (layer->class_name() != Flatten::class_name) return layer->output_size(size);
  return Shape{std::max<Index>(layer.as<Flatten>().config().steps, 1), size}.count();
}

}  // namespace

Sequential make_layers(const std::string& config, Index features, Index numbers) {
  const Json json = parse_json(config, "config");
  const double least = least_numbers(json);
  require<FormatError>(least <= static_cast<double>(numbers),
                       "make_layers: the config describes at least {:.0f} parameters, the file has {}", least, numbers);
  const AnyLayer whole = layer_from_config(config);
  Sequential model(std::move(whole.as<Sequential>().layers()));
  Index size = features;
  double total = 0;
  for (AnyLayer& layer : model.layers()) {
    const Index next = next_size(layer, size);
    const bool weightless = least_numbers(parse_json(get_config(layer), "config")) == 0;
    if (!weightless) total += static_cast<double>(size) * static_cast<double>(next) / 2;
    require<FormatError>(total <= static_cast<double>(numbers),
                         "make_layers: a {} of {} inputs and {} outputs has more parameters than the {} of the file",
                         layer->class_name(), size, next, numbers);
    size = next;
  }
  Builder builder(features, DType::float32, Generator(1));
  model.build(builder);
  return model;
}

Sequential build(const ModelDescription& description) {
  Index numbers = 0;
  for (const auto& [path, array] : description.weights) numbers += array.size();
  Sequential model = make_layers(description.config, description.features, numbers);
  std::string missing;
  std::string misshaped;
  std::set<std::string> wanted;
  const std::vector<NamedParameter> own = parameters(model);
  for (const auto& [path, parameter] : own) {
    wanted.insert(path);
    const auto at = description.weights.find(path);
    if (at == description.weights.end()) append(missing, path);
    else if (at->second.shape() != parameter->shape())
      append(misshaped, fmt::format("{} {} for {}", path, at->second.shape(), parameter->shape()));
  }
  std::string left;
  for (const auto& [path, array] : description.weights)
    if (!wanted.contains(path)) append(left, fmt::format("{} {}", path, array.shape()));
  require<FormatError>(missing.empty() && misshaped.empty() && left.empty(),
                       "build: weights and model differ: missing: [{}]; left over: [{}]; of another shape: [{}]",
                       missing, left, misshaped);
  for (const auto& [path, parameter] : own) parameter->edit().assign(description.weights.at(path));
  return model;
}

void start(Sequential& model, const ModelDescription& description, Index batch) {
  if (description.states.empty()) return;
  const std::vector<RNN*> layers = stateful(model);
  require<FormatError>(layers.size() == description.states.size(), "start: {} stateful layers, states of {}",
                       layers.size(), description.states.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::vector<Array> rows;
    for (const Array& state : description.states[i]) {
      const std::vector<double> one = state.to_doubles();
      std::vector<double> all;
      for (Index row = 0; row < batch; ++row) all.insert(all.end(), one.begin(), one.end());
      rows.emplace_back(Shape{batch, state.size()}, DType::float32);
      rows.back().assign(all);
    }
    layers[i]->reset_states(rows);
  }
}

Tensor<float> run(Sequential& model, const ModelDescription& description, const Tensor<float>& input) {
  Tape tape;
  const NoGradient inference(tape);
  model.reset_states();
  for (RNN* const rnn : stateful(model)) rnn->set_options(RNNOptions(rnn->options()));  // forgets the batch size, too
  start(model, description, input.shape()[0]);
  const Var x = enter(description.path, tape.constant(Array(input.clone())));
  const Var y = leave(description.path, model(x), x);
  Tensor<float> output(y.shape());
  const std::vector<double> values = y.to_doubles();
  std::copy(values.begin(), values.end(), output.values().begin());
  return output;
}

namespace {

// The variable that a name of Keras ends with, `lstm/lstm_cell/kernel:0`; empty for what is no such name.
std::string variable_of(const std::string& name) {
  static const std::set<std::string> known = {"kernel", "recurrent_kernel", "bias",           "embeddings", "gamma",
                                              "beta",   "moving_mean",      "moving_variance"};
  std::string last = name.substr(name.rfind('/') + 1);
  last = last.substr(0, last.find(':'));
  if (const auto digits = last.find_last_not_of("0123456789"); digits + 1 < last.size() && last[digits] == '_')
    last.resize(digits);
  return known.contains(last) ? last : "";
}

}  // namespace

void fill_in_order(const std::string& layer, std::span<const NamedParameter> parameters,
                   std::span<const NamedTensor> tensors, std::map<std::string, Array>& weights) {
  std::string wanted;
  std::string given;
  bool fit = parameters.size() == tensors.size();
  for (const auto& [path, parameter] : parameters)
    append(wanted, fmt::format("{} {}", path.substr(path.rfind('/') + 1), parameter->shape()));
  for (const auto& [name, value] : tensors) append(given, fmt::format("{} {}", name, value.shape()));
  for (std::size_t i = 0; fit && i < tensors.size(); ++i)
    fit = parameters[i].parameter->shape() == tensors[i].value.shape() &&
          (variable_of(tensors[i].name).empty() || variable_of(tensors[i].name) == parameters[i].parameter->name());
  require<FormatError>(fit, "weights of layer '{}' do not fit: the layer has [{}], the file [{}]", layer, wanted,
                       given);
  for (std::size_t i = 0; i < tensors.size(); ++i) weights[parameters[i].path] = tensors[i].value.clone();
}

}  // namespace recur::interop
