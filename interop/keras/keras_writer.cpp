#include <recur/interop/keras/keras_writer.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/bytes.h>
#include <recur/interop/internal/layer_view.h>
#include <recur/interop/keras/keras_paths.h>
#include <recur/io/hdf5.h>
#include <recur/io/zip_file.h>
#include <recur/layers/flatten.h>

#include <algorithm>
#include <set>

namespace recur::interop {
namespace {

enum class Target { keras2, keras3, tfjs };

const std::set<std::string> known_classes = {"LSTM",
                                             "GRU",
                                             "SimpleRNN",
                                             "RNN",
                                             "Bidirectional",
                                             "TimeDistributed",
                                             "Dense",
                                             "Embedding",
                                             "LayerNormalization",
                                             "Masking",
                                             "Dropout",
                                             "SpatialDropout1D",
                                             "Activation",
                                             "RepeatVector",
                                             "GlobalAveragePooling1D",
                                             "GlobalMaxPooling1D",
                                             "Conv1D",
                                             "MaxPooling1D",
                                             "AveragePooling1D",
                                             "Flatten",
                                             "BatchNormalization",
                                             "StackedRNNCells",
                                             "LSTMCell",
                                             "GRUCell",
                                             "SimpleRNNCell"};

bool is_recurrent(const std::string& name) {
  return name.find("RNN") != std::string::npos || name.find("LSTM") != std::string::npos ||
         name.find("GRU") != std::string::npos;
}

// Steps of the input from which the first Flatten gets as many as it joins; 0 without a Flatten of several.
Index steps_of_input(Sequential& model, Index features, bool ids) {
  auto& layers = model.layers();
  const auto flatten =
      std::ranges::find_if(layers, [](const AnyLayer& layer) { return layer->class_name() == Flatten::class_name; });
  if (flatten == layers.end() || flatten->as<Flatten>().config().steps <= 1) return 0;
  const Index wanted = flatten->as<Flatten>().config().steps;
  constexpr Index most = 1'000'000;
  for (Index steps = 1; steps < most; ++steps) {
    Shape shape = ids ? Shape{1, steps} : Shape{1, steps, features};
    try {
      for (auto layer = layers.begin(); layer != flatten; ++layer) shape = (*layer)->output_shape(shape);
    } catch (const ShapeError&) {  // too few for a window
      continue;
    }
    if (shape[1] == wanted) return steps;
    if (shape[1] > wanted) break;
  }
  fail<ValueError>("export: no input has so many steps that the Flatten gets {}", wanted);
}

/// Says a layer's config in Keras's words.
class ConfigWriter {
 public:
  explicit ConfigWriter(Target target) : target_(target) {}

  [[nodiscard]] Json layer(const std::string& class_name, const Json& config) const {
    require<ValueError>(known_classes.contains(class_name), "export: Keras has no {}", class_name);
    require<ValueError>(
        target_ != Target::tfjs || class_name.find("GRU") == std::string::npos || !config.value("reset_after", true),
        "export: TensorFlow.js does not run a GRU with reset_after");
    require<ValueError>(
        target_ != Target::tfjs || class_name != "Conv1D" || config.value("padding", "valid") != "causal",
        "export: TensorFlow.js does not run a Conv1D with padding causal");
    Json own = Json::object();
    for (const auto& [key, value] : config.items()) {
      if (key == "separate_bias" || key == "checkpoint" || (key == "steps" && class_name == "Flatten")) continue;
      if (key == "time_major" && value == false && !is_recurrent(class_name)) continue;
      require<ValueError>(key != "time_major" || is_recurrent(class_name), "export: Keras has no time-major {}",
                          class_name);
      if (key == "cell_clip") require<ValueError>(value == 0.0, "export: Keras's LSTM has no cell_clip");
      else if (key == "activation" || key == "recurrent_activation") own[key] = activation(value);
      else if (value.is_object() && value.contains("class_name") &&
               (key == "layer" || key == "cell" || key == "backward_layer"))
        own[key] = layer(value["class_name"].get<std::string>(), value["config"]);
      else if (key == "cells") own[key] = list(value);
      else own[key] = value;
    }
    Json result;
    if (target_ == Target::keras3) result["module"] = "keras.layers";
    result["class_name"] = class_name;
    result["config"] = std::move(own);
    if (target_ == Target::keras3) result["registered_name"] = nullptr;
    return result;
  }

 private:
  [[nodiscard]] Json list(const Json& cells) const {
    Json result = Json::array();
    for (const Json& cell : cells) result.push_back(layer(cell.at("class_name").get<std::string>(), cell.at("config")));
    return result;
  }

  // hard_sigmoid has another slope since Keras 3.
  [[nodiscard]] Json activation(const Json& name) const {
    const bool old = name == "hard_sigmoid";
    const bool fresh = name == "hard_sigmoid_v3";
    require<ValueError>(
        !(old && target_ == Target::keras3) && !(fresh && target_ != Target::keras3),
        "export: the activation {} is not that of this version of Keras (0.2x + 0.5 before Keras 3, x/6 + 0.5 since)",
        name.dump());
    return fresh ? Json("hard_sigmoid") : name;
  }

  Target target_;
};

struct Written {
  Json config;  // of the model
  std::vector<LayerView> layers;
};

// A bias of two rows belongs to a GRU with reset_after only.
void sum_biases(LayerView& layer) {
  const Json* config = &layer.config;
  const std::string* kind = &layer.class_name;
  std::string inner;
  while (config->contains("layer")) {
    inner = config->at("layer").at("class_name").get<std::string>();
    kind = &inner;
    config = &config->at("layer").at("config");
  }
  if (*kind == "GRU" && config->value("reset_after", true)) return;
  for (NamedTensor& tensor : layer.weights)
    if (tensor.name.ends_with("bias") && *kind != "RNN") tensor.value = summed_bias(tensor.value);
}

Written say(Sequential& model, const ModelDescription& description, Target target) {
  require_plain(description.path, "export: a Keras Sequential");
  Written result;
  result.layers = view_layers(model, false);
  Json layers = Json::array();
  for (LayerView& layer : result.layers) {
    sum_biases(layer);
    Json json = ConfigWriter(target).layer(layer.class_name, layer.config);
    json["config"]["name"] = layer.name;
    if (target == Target::tfjs && layer.class_name == "Bidirectional")
      json["config"]["layer"]["config"]["name"] = "layer";
    layers.push_back(std::move(json));
  }
  const bool ids = result.layers.front().class_name == "Embedding";
  const Index steps = steps_of_input(model, description.features, ids);
  const Json time = steps > 0 ? Json(steps) : Json();
  const Json shape = ids ? Json::array({nullptr, time}) : Json::array({nullptr, time, description.features});
  if (target == Target::keras3) {
    Json input = {{"module", "keras.layers"},
                  {"class_name", "InputLayer"},
                  {"config", {{"batch_shape", shape}, {"dtype", "float32"}, {"name", "input_layer"}}},
                  {"registered_name", nullptr}};
    layers.insert(layers.begin(), std::move(input));
    result.config["module"] = "keras";
  } else {
    layers.front()["config"]["batch_input_shape"] = shape;
  }
  result.config["class_name"] = "Sequential";
  result.config["config"] = {{"name", "sequential"}, {"layers", layers}};
  if (target == Target::keras3) result.config["registered_name"] = nullptr;
  return result;
}

}  // namespace

void write_keras_h5(const std::filesystem::path& file, Sequential& model, const ModelDescription& description) {
  const Written written = say(model, description, Target::keras2);
  constexpr const char* version = "2.10.0";
  Hdf5Writer out;
  out.attribute("", "keras_version", version);
  out.attribute("", "backend", "tensorflow");
  out.attribute("", "model_config", written.config.dump());
  std::vector<std::string> names;
  for (const LayerView& layer : written.layers) {
    const std::string group = "model_weights/" + layer.name;
    out.group(group);
    std::vector<std::string> weights;
    for (const NamedTensor& tensor : layer.weights) {
      weights.push_back(layer.name + "/" + tensor.name + ":0");
      out.dataset(group + "/" + weights.back(), tensor.value);
    }
    out.attribute(group, "weight_names", weights);
    names.push_back(layer.name);
  }
  out.attribute("model_weights", "layer_names", names);
  out.attribute("model_weights", "backend", "tensorflow");
  out.attribute("model_weights", "keras_version", version);
  out.commit(file);
}

void write_keras_archive(const std::filesystem::path& file, Sequential& model, const ModelDescription& description) {
  const Written written = say(model, description, Target::keras3);
  Hdf5Writer out;
  out.group("layers");
  std::map<std::string, int> used;
  for (const LayerView& layer : written.layers) {
    std::string path = snake_case(layer.class_name);
    if (const int count = used[path]++; count > 0) path += "_" + std::to_string(count);
    if (layer.weights.empty()) continue;
    const std::vector<std::string> groups = variable_groups(layer.class_name, layer.config.dump());
    // Parameters of one cell or direction have one path but for their last names.
    std::string part;
    std::size_t group = 0;
    int number = 0;
    for (const NamedTensor& tensor : layer.weights) {
      const std::string own = tensor.name.substr(0, tensor.name.rfind('/') + 1);
      if (number > 0 && own != part) {
        ++group;
        number = 0;
      }
      part = own;
      require<ValueError>(group < groups.size(), "export: layer '{}' has more parts than Keras's", layer.name);
      out.dataset("layers/" + path + "/" + groups[group] + "/" + std::to_string(number++), tensor.value);
    }
  }
  ZipWriter zip;
  zip.add("metadata.json", R"({"keras_version": "3.5.0"})");
  zip.add("config.json", written.config.dump());
  zip.add("model.weights.h5", out.bytes());
  zip.commit(file);
}

namespace {

// TensorFlow.js finds weights by their names: both/forward_layer/kernel of a Bidirectional, where the inner layer's
// name is "layer", and rnn/RNNCell_0/kernel of StackedRNNCells.
std::string tfjs_name(const LayerView& layer, const std::string& weight) {
  constexpr std::string_view cells = "cells/";
  const auto slash = weight.find('/');
  std::string own = weight;
  if (layer.class_name == "Bidirectional" && slash != std::string::npos) own.insert(slash, "_layer");
  else if (weight.starts_with(cells)) own.replace(0, cells.size(), "RNNCell_");
  return layer.name + "/" + own;
}

}  // namespace

void write_tfjs(const std::filesystem::path& file, Sequential& model, const ModelDescription& description) {
  const Written written = say(model, description, Target::tfjs);
  std::string bytes;
  Json weights = Json::array();
  for (const LayerView& layer : written.layers)
    for (const NamedTensor& tensor : layer.weights) {
      require<ValueError>(tensor.value.dtype() == DType::float32, "export: TensorFlow.js has float32 only");
      const auto sizes = tensor.value.shape().sizes();
      weights.push_back({{"name", tfjs_name(layer, tensor.name)},
                         {"shape", std::vector<Index>(sizes.begin(), sizes.end())},
                         {"dtype", "float32"}});
      bytes.append(static_cast<const char*>(tensor.value.data()),
                   static_cast<std::size_t>(tensor.value.size()) * sizeof(float));
    }
  Json json;
  json["format"] = "layers-model";
  json["generatedBy"] = "Recur";
  json["convertedBy"] = nullptr;
  json["modelTopology"] = {{"keras_version", "2.10.0"}, {"backend", "tensorflow"}, {"model_config", written.config}};
  json["weightsManifest"] = Json::array({{{"paths", Json::array({"weights.bin"})}, {"weights", weights}}});
  write_whole_file(file.parent_path() / "weights.bin", bytes);
  write_whole_file(file, json.dump());
}

}  // namespace recur::interop
