#include <recur/interop/torch/tensor_groups.h>

#include <algorithm>

namespace recur::interop {
namespace {

constexpr const char* function = "describe_torch";

std::string without(const std::string& name, const std::string& prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

// What stands before every name behind `prefix`, with its dot; empty if nothing does.
std::string common_part(const StateDict& dict, const std::string& prefix) {
  if (dict.tensors.empty()) return "";
  const std::string first = without(dict.tensors.front().name, prefix);
  const auto dot = first.find('.');
  if (dot == std::string::npos) return "";
  const std::string part = first.substr(0, dot + 1);
  const bool all = std::all_of(dict.tensors.begin(), dict.tensors.end(),
                               [&](const NamedTensor& tensor) { return tensor.name.starts_with(prefix + part); });
  return all ? part : "";
}

}  // namespace

// Wrappers put a prefix before every name. A description of the modules tells which parts it does not know.
std::string common_prefix(const StateDict& dict, const std::vector<TorchModule>& modules) {
  const auto described = [&](const std::string& prefix) {
    return std::all_of(dict.tensors.begin(), dict.tensors.end(), [&](const NamedTensor& tensor) {
      const std::string name = without(tensor.name, prefix);
      const std::string own = name.substr(0, name.find('.') == std::string::npos ? 0 : name.rfind('.'));
      return std::any_of(modules.begin(), modules.end(), [&](const TorchModule& m) { return m.name == own; });
    });
  };
  std::string prefix;
  for (std::string part = common_part(dict, ""); !part.empty(); part = common_part(dict, prefix)) {
    const bool wrapper = part == "module." || part == "_orig_mod.";
    if (modules.empty() ? !wrapper : described(prefix)) break;
    prefix += part;
  }
  return prefix;
}

std::vector<TensorGroup> group_tensors(const StateDict& dict, const std::string& prefix) {
  std::vector<TensorGroup> groups;
  for (const NamedTensor& tensor : dict.tensors) {
    const std::string name = without(tensor.name, prefix);
    const auto dot = name.rfind('.');
    const std::string module = dot == std::string::npos ? "" : name.substr(0, dot);
    auto at = std::find_if(groups.begin(), groups.end(), [&](const TensorGroup& g) { return g.prefix == module; });
    if (at == groups.end()) at = groups.insert(groups.end(), TensorGroup{module, {}});
    at->tensors[dot == std::string::npos ? name : name.substr(dot + 1)] = &tensor.value;
  }
  return groups;
}

// Names the module of a group by its tensors.
TorchModule guess_module(const TensorGroup& g) {
  const bool weight_norm =
      g.has("weight_g") || g.has("original0") ||
      std::any_of(g.tensors.begin(), g.tensors.end(), [](const auto& t) { return t.first.ends_with("_g"); });
  require<FormatError>(!weight_norm, "{}: '{}' has weight_norm; call remove_weight_norm before saving", function,
                       g.prefix);
  TorchModule module;
  module.name = g.prefix;
  if (g.has("running_mean")) {
    module.class_name = "BatchNorm1d";
    return module;
  }
  const bool cell = g.has("weight_hh");
  if (cell || g.has("weight_hh_l0")) {
    const std::string name = cell ? "weight_hh" : "weight_hh_l0";
    const Shape& shape = g.at(name).shape();
    require<FormatError>(shape.rank() == 2 && shape[1] > 0, "{}: '{}' has shape {}", function, g.full(name), shape);
    const Index gates = g.has("weight_hr_l0") ? 4 : shape[0] / shape[1];
    module.class_name = gates == 4 ? "LSTM" : (gates == 3 ? "GRU" : "RNN");
    if (cell) module.class_name += "Cell";
    return module;
  }
  require<FormatError>(g.has("weight"), "{}: the tensors of '{}' are those of no known module", function, g.prefix);
  const int rank = g.at("weight").shape().rank();
  require<FormatError>(rank >= 1 && rank <= 3,
                       "{}: '{}' has shape {}: a convolution over more than time, or a module that is not known",
                       function, g.full("weight"), g.at("weight").shape());
  if (rank == 3) module.class_name = "Conv1d";
  else module.class_name = rank == 1 ? "LayerNorm" : (g.has("bias") ? "Linear" : "matrix");
  return module;
}

}  // namespace recur::interop
