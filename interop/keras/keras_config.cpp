#include <recur/interop/keras/keras_config.h>

#include <recur/interop/internal/json.h>
#include <recur/layers/config/config.h>

#include <algorithm>
#include <array>
#include <set>

namespace recur::interop {
namespace {

const std::set<std::string> weightless = {"Dropout",
                                          "SpatialDropout1D",
                                          "Masking",
                                          "Activation",
                                          "RepeatVector",
                                          "Flatten",
                                          "Reshape",
                                          "Permute",
                                          "GaussianNoise",
                                          "GlobalAveragePooling1D",
                                          "GlobalMaxPooling1D",
                                          "MaxPooling1D",
                                          "AveragePooling1D"};

// Keys of Keras that change no output of a trained model, or that a null or default value makes so.
const std::set<std::string> dropped = {"use_cudnn",     "input_length", "shared_object_id", "quantization_config",
                                       "optional",      "ragged",       "sparse",           "build_config",
                                       "inbound_nodes", "noise_shape",  "ragged_input",     "time_step",
                                       "input_shape",   "input_dtype"};

class ConfigReader {
 public:
  ConfigReader(bool keras3, bool reset_after, const std::string& where)
      : keras3_(keras3), reset_after_(reset_after), where_(where) {}

  // A layer in Recur's words.
  Json layer(const Json& from) {
    require<FormatError>(from.is_object() && from.contains("class_name") && from["class_name"].is_string(),
                         "{}: a layer without a class_name", where_);
    std::string name = from["class_name"].get<std::string>();
    require<FormatError>(name != "Lambda", "{}: a Lambda layer holds Python code, which is not run", where_);
    check_package(from, name);
    Json config = from.value("config", Json::object());
    require<FormatError>(config.is_object(), "{}: the config of a {} is no object", where_, name);
    rename(name, config);
    Json result;
    result["class_name"] = name;
    result["config"] = values(name, config);
    return result;
  }
  [[nodiscard]] std::vector<std::string> notes() const { return {notes_.begin(), notes_.end()}; }

 private:
  void check_package(const Json& from, const std::string& name) const {
    const auto registered = from.find("registered_name");
    const bool custom = registered != from.end() && registered->is_string() &&
                        registered->get<std::string>().find('>') != std::string::npos;
    require<FormatError>(!custom || registered->get<std::string>().starts_with("Custom>") == false,
                         "{}: '{}' is a class of the user's own", where_, name);
  }

  void rename(std::string& name, Json& config) {
    if (name == "CuDNNLSTM") name = "LSTM";
    if (name == "CuDNNGRU") {
      name = "GRU";
      config["reset_after"] = true;
    }
    if (name == "RNN" && config.contains("cells")) {
      config["cell"] = {{"class_name", "StackedRNNCells"}, {"config", {{"cells", config["cells"]}}}};
      config.erase("cells");
    }
    static const std::map<std::string, std::string> activations = {
        {"ReLU", "relu"}, {"Softmax", "softmax"}, {"ELU", "elu"}};
    if (const auto at = activations.find(name); at != activations.end()) {
      const bool plain = !config.contains("max_value") || config["max_value"].is_null();
      require<FormatError>(plain && config.value("threshold", 0.0) == 0 && config.value("alpha", 1.0) == 1 &&
                               config.value("negative_slope", 0.0) == 0,
                           "{}: a {} layer with options", where_, name);
      config = {{"name", config.value("name", "")}, {"activation", at->second}};
      name = "Activation";
    }
    if ((name == "GRU" || name == "GRUCell") && !config.contains("reset_after")) config["reset_after"] = reset_after_;
  }

  Json values(const std::string& class_name, const Json& config) {
    Json result = Json::object();
    for (const auto& [key, value] : config.items()) {
      if (dropped.contains(key) || key.ends_with("_initializer")) continue;
      const bool may_be_null = key == "merge_mode" || key == "activation" || key == "recurrent_activation";
      if ((value.is_null() && !may_be_null) || (key == "rms_scaling" && value == false)) continue;
      if (key == "seed") {
        notes_.insert("seeds of layers were left out");
        continue;
      }
      if (key == "dtype") number_type(value);
      else if (key == "activation" || key == "recurrent_activation") result[key] = activation(value);
      else if (key == "n" && class_name == "RepeatVector") result[key] = value;
      else if (key == "layer" || key == "cell" || key == "backward_layer")
        result[key] = value.is_null() ? value : (value.is_array() ? list(value) : layer(value));
      else if (key == "cells" || key == "layers") result[key] = list(value);
      else result[key] = value;
    }
    return result;
  }

  Json list(const Json& from) {
    Json result = Json::array();
    for (const Json& element : from) result.push_back(layer(element));
    return result;
  }

  // A name, or since Keras 3 an object with one.
  Json activation(const Json& value) {
    Json name = value;
    if (value.is_object())
      name =
          value.contains("config") && value["config"].is_string() ? value["config"] : value.value("class_name", Json());
    if (name == "hard_sigmoid" && keras3_) return "hard_sigmoid_v3";
    return name;
  }

  void number_type(const Json& value) {
    Json type = value;
    if (value.is_object() && value.contains("config")) type = value["config"].value("name", Json());
    if (type != "float32" && !type.is_null())
      notes_.insert(fmt::format("number type {} was read as float32", type.dump()));
  }

  bool keras3_;
  bool reset_after_;
  const std::string& where_;
  std::set<std::string> notes_;
};

int major_of(const std::string& version) {
  return version.empty() || version[0] < '0' || version[0] > '9' ? 0 : std::atoi(version.c_str());
}

// The name of the one layer whose output a layer of a functional graph takes; empty for an input.
std::string source_of(const Json& layer, const std::string& where) {
  const std::string name = layer.value("name", "");
  const auto nodes = layer.find("inbound_nodes");
  if (nodes == layer.end() || !nodes->is_array() || nodes->empty()) return "";
  require<FormatError>(nodes->size() == 1, "{}: layer '{}' is used more than once; only chains of layers are imported",
                       where, name);
  Json history;
  const Json& node = nodes->front();
  try {
    if (node.is_object()) {  // Keras 3
      require<FormatError>(node.at("args").size() == 1,
                           "{}: layer '{}' has several inputs; only chains of layers are imported", where, name);
      history = node.at("args").at(0).at("config").at("keras_history");
    } else {
      require<FormatError>(node.size() == 1 || (node.size() >= 3 && node.at(0).is_string()),
                           "{}: layer '{}' has several inputs; only chains of layers are imported", where, name);
      history = node.at(0).is_string() ? node : node.at(0);
    }
    require<FormatError>(history.at(1) == 0 && history.at(2) == 0,
                         "{}: layer '{}' takes an output that is not the first", where, name);
    return history.at(0).get<std::string>();
  } catch (const Json::exception&) {
    fail<FormatError>("{}: layer '{}' has inputs that are not one tensor; only chains of layers are imported", where,
                      name);
  }
}

// The layers of a functional graph in order, if each takes the output of one other.
Json chain(const Json& layers, const std::string& where) {
  std::map<std::string, const Json*> next;  // by source
  for (const Json& layer : layers) {
    const std::string source = source_of(layer, where);
    const auto [at, fresh] = next.emplace(source, &layer);
    require<FormatError>(
        fresh, "{}: {} goes to both '{}' and '{}': the graph branches; only chains of layers are imported", where,
        source.empty() ? "the input" : "'" + source + "'", at->second->value("name", ""), layer.value("name", ""));
  }
  Json result = Json::array();
  for (auto at = next.find(""); at != next.end() && result.size() <= layers.size();
       at = next.find(at->second->value("name", "?")))
    result.push_back(*at->second);
  require<FormatError>(result.size() == layers.size(), "{}: the graph has {} layers, a chain from its input has {}",
                       where, layers.size(), result.size());
  return result;
}

// Steps that the config of the first layer states; 0 without.
Index steps_of(const Json& layer) {
  const Json config = layer.value("config", Json::object());
  for (const char* key : {"batch_shape", "batch_input_shape"}) {
    const auto shape = config.find(key);
    if (shape != config.end() && shape->is_array() && shape->size() == 3 && (*shape)[1].is_number_integer())
      return std::max<Index>((*shape)[1].get<Index>(), 0);
  }
  return 0;
}

Index features_of(const Json& layer) {
  const Json config = layer.value("config", Json::object());
  for (const char* key : {"batch_shape", "batch_input_shape"}) {
    const auto shape = config.find(key);
    if (shape == config.end() || !shape->is_array()) continue;
    if (shape->size() < 3) return 0;  // ids, or one step: the weights tell
    return shape->back().is_number_integer() ? shape->back().get<Index>() : 0;
  }
  return 0;
}

KerasLayer make_layer(const Json& json) {
  KerasLayer layer;
  layer.class_name = json["class_name"].get<std::string>();
  layer.config = json["config"].dump();
  layer.has_weights = !weightless.contains(layer.class_name);
  if (const auto name = json["config"].find("name"); name != json["config"].end() && name->is_string())
    layer.name = name->get<std::string>();
  return layer;
}

}  // namespace

KerasModel read_keras_config(const std::string& text, const std::string& version, const std::string& where) {
  const Json json = parse_json(text, where);
  require<FormatError>(json.is_object() && json.contains("class_name") && json.contains("config"),
                       "{}: no config of a model", where);
  const std::string kind = read_string(json, "class_name", where);
  const bool functional = kind == "Functional" || kind == "Model";
  require<FormatError>(
      kind == "Sequential" || functional,
      "{}: a model of class '{}': a subclassed model is Python code; only Sequential and chains of layers are imported",
      where, kind);
  const std::string said = !version.empty() ? version : json.value("keras_version", "");
  KerasModel model;
  model.keras3 = said.empty() ? json.contains("module") : major_of(said) >= 3;
  const Json& config = json["config"];
  const Json& layers = config.is_array() ? config : config.value("layers", Json());
  require<FormatError>(layers.is_array() && !layers.empty(), "{}: a model without layers", where);
  ConfigReader reader(model.keras3, model.keras3, where);
  std::map<std::string, int> used;
  for (const Json& layer : functional ? chain(layers, where) : layers) {
    if (model.features == 0) model.features = features_of(layer);
    if (model.steps == 0) model.steps = steps_of(layer);
    const bool input = layer.is_object() && layer.value("class_name", "") == "InputLayer";
    if (input && !functional) continue;
    const std::string own = layer.value("class_name", "");
    std::string path = snake_case(own);
    if (const int count = used[path]++; count > 0) path += "_" + std::to_string(count);
    if (input) continue;
    model.layers.push_back(make_layer(reader.layer(layer)));
    model.layers.back().path = path;
  }
  model.notes = reader.notes();
  return model;
}

KerasLayer read_keras_layer(const std::string& json, const std::string& where) {
  return make_layer(ConfigReader(false, false, where).layer(parse_json(json, where)));
}

}  // namespace recur::interop
