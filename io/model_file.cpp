#include <recur/io/model_file.h>

#include <set>

namespace recur {
namespace {

void require_created(const char* function, std::span<const NamedParameter> parameters) {
  for (const auto& [path, parameter] : parameters)
    require<StateError>(parameter->created(), "{}: '{}' has no shape yet; build the model first", function, path);
}

void append(std::string& list, const std::string& item) { list += (list.empty() ? "" : ", ") + item; }

// All that is wrong, so that one attempt shows it; empty when the arrays fit the parameters.
std::string differences(const std::map<std::string, Array>& arrays, std::span<const NamedParameter> parameters) {
  std::string missing;
  std::string misshaped;
  std::string unexpected;
  std::set<std::string> wanted;
  for (const auto& [path, parameter] : parameters) {
    wanted.insert(path);
    const auto found = arrays.find(path);
    if (found == arrays.end()) append(missing, path);
    else if (found->second.shape() != parameter->shape())
      append(misshaped,
             fmt::format("{} ({} in the file, {} in the model)", path, found->second.shape(), parameter->shape()));
  }
  for (const auto& [name, array] : arrays)
    if (!wanted.contains(name)) append(unexpected, fmt::format("{} {}", name, array.shape()));
  std::string result;
  const auto add = [&](const char* what, const std::string& list) {
    if (!list.empty()) result += (result.empty() ? "" : "; ") + fmt::format("{}: {}", what, list);
  };
  add("missing in the file", missing);
  add("not in the model", unexpected);
  add("of another shape", misshaped);
  return result;
}

}  // namespace

void save_parameters(const std::filesystem::path& path, std::span<const NamedParameter> parameters,
                     const Metadata& metadata) {
  require<ValueError>(
      !parameters.empty(),
      "save_parameters: no parameters for '{}'; make the list after build(), of a model whose visit() names them",
      path.string());
  require_created("save_parameters", parameters);
  std::vector<NamedArray> arrays;
  for (const auto& [name, parameter] : parameters) arrays.push_back({name, &parameter->value()});
  save_safetensors(path, arrays, metadata);
}

Metadata load_parameters(const std::filesystem::path& path, std::span<const NamedParameter> parameters) {
  require_created("load_parameters", parameters);
  SafetensorsFile file = load_safetensors(path);
  const std::string problems = differences(file.arrays, parameters);
  require<FormatError>(problems.empty(), "load_parameters: '{}' does not fit the model: {}", path.string(), problems);
  for (const auto& [name, parameter] : parameters) parameter->edit().assign(file.arrays.at(name));
  return std::move(file.metadata);
}

}  // namespace recur
