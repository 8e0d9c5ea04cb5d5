#include <recur/interop/keras/keras_paths.h>

#include <recur/interop/internal/json.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace recur::interop {
namespace {

using Object = Hdf5File::Object;

void add_groups(const Json& layer, const std::string& prefix, std::vector<std::string>& groups) {
  const std::string name = layer.value("class_name", "");
  const Json config = layer.value("config", Json::object());
  if (name == "LSTM" || name == "GRU" || name == "SimpleRNN") {
    groups.push_back(prefix + "cell/vars");
  } else if (name == "RNN" && config.contains("cell")) {
    add_groups(config["cell"], prefix + "cell/", groups);
  } else if (name == "StackedRNNCells" && config.contains("cells")) {
    std::map<std::string, int> used;
    for (const Json& cell : config["cells"]) {
      std::string path = snake_case(cell.value("class_name", ""));
      if (const int count = used[path]++; count > 0) path += "_" + std::to_string(count);
      add_groups(cell, prefix + "cells/" + path + "/", groups);
    }
  } else if (name == "Bidirectional" && config.contains("layer")) {
    add_groups(config["layer"], prefix + "forward_layer/", groups);
    const bool own = config.contains("backward_layer") && config["backward_layer"].is_object();
    add_groups(own ? config["backward_layer"] : config["layer"], prefix + "backward_layer/", groups);
  } else if (name == "TimeDistributed" && config.contains("layer")) {
    add_groups(config["layer"], prefix + "layer/", groups);
  } else {
    groups.push_back(prefix + "vars");
  }
}

// Every data set below an object.
void list_datasets(const Hdf5File& file, const Object& object, const std::string& path, std::set<std::string>& found) {
  for (const auto& [name, place] : object.children) {
    const std::string own = path.empty() ? name : path + "/" + name;
    if (file[place].is_dataset) found.insert(own);
    else list_datasets(file, file[place], own, found);
  }
}

// The variables of a group, by number: a file lists "10" before "2".
std::vector<std::pair<int, std::string>> numbered(const Object& group) {
  std::vector<std::pair<int, std::string>> names;
  for (const auto& [name, place] : group.children) {
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) names.emplace_back(number, name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<std::string> variable_groups(const std::string& class_name, const std::string& config) {
  std::vector<std::string> groups;
  Json layer;
  layer["class_name"] = class_name;
  layer["config"] = parse_json(config, "config");
  add_groups(layer, "", groups);
  return groups;
}

ModelDescription read_keras3_weights(const Hdf5File& file, KerasModel model, const std::string& format,
                                     const std::string& where) {
  std::string top = "layers";
  if (file.find(file.root(), top) == nullptr) top = "_layer_checkpoint_dependencies";
  const Object* const layers = file.find(file.root(), top);
  require<FormatError>(layers != nullptr, "{}: there is no group \"layers\" of weights", where);
  std::set<std::string> left;
  list_datasets(file, *layers, "", left);
  std::vector<std::vector<NamedTensor>> weights;
  for (const KerasLayer& layer : model.layers) {
    if (!layer.has_weights) continue;
    std::vector<NamedTensor> tensors;
    for (const std::string& group : variable_groups(layer.class_name, layer.config)) {
      const std::string path = layer.path + "/" + group;
      const Object* const variables = file.find(*layers, path);
      require<FormatError>(variables != nullptr, "{}: layer '{}' has no variables: '{}/{}' is missing in the file",
                           where, layer.name, top, path);
      for (const auto& [number, name] : numbered(*variables)) {
        const std::string own = path + "/" + name;
        tensors.push_back({own, file.read(*file.find(*variables, name), own)});
        left.erase(own);
      }
    }
    weights.push_back(std::move(tensors));
  }
  std::string names;
  for (const std::string& name : left) names += (names.empty() ? "" : ", ") + name;
  require<FormatError>(left.empty(), "{}: variables that no layer uses: {}", where, names);
  return join_keras(std::move(model), std::move(weights), format, where);
}

}  // namespace recur::interop
