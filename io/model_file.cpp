#include <recur/io/file_format.h>
#include <recur/io/model_file.h>

#include <set>

namespace recur {
namespace {

constexpr FileFormat model_format{.key = "recur.model", .name = "model", .version = 1};

void require_created(const char* function, std::span<const NamedParameter> parameters) {
  for (const auto& [path, parameter] : parameters)
    require<StateError>(parameter->created(), "{}: '{}' has no shape yet; build the model first", function, path);
}

std::string joined(const std::vector<std::string>& names, const auto& shown) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + shown(name);
  return list;
}

PartialLoad compare(const SafetensorsFile& file, std::span<const NamedParameter> parameters) {
  PartialLoad result;
  std::set<std::string> wanted;
  for (const auto& [path, parameter] : parameters) {
    wanted.insert(path);
    const auto found = file.arrays.find(path);
    if (found == file.arrays.end()) result.missing.push_back(path);
    else if (found->second.shape() != parameter->shape()) result.misshaped.push_back(path);
  }
  for (const auto& [name, array] : file.arrays)
    if (!wanted.contains(name)) result.unexpected.push_back(name);
  return result;
}

// All that is wrong, so that one attempt shows it; empty when the arrays fit the parameters.
std::string differences(const SafetensorsFile& file, std::span<const NamedParameter> parameters) {
  const PartialLoad rest = compare(file, parameters);
  const auto both_shapes = [&](const std::string& path) {
    const auto at = std::ranges::find(parameters, path, &NamedParameter::path);
    return fmt::format("{} ({} in the file, {} in the model)", path, file.arrays.at(path).shape(),
                       at->parameter->shape());
  };
  std::string result;
  const auto add = [&](const char* what, const std::string& list) {
    if (!list.empty()) result += (result.empty() ? "" : "; ") + fmt::format("{}: {}", what, list);
  };
  add("missing in the file", joined(rest.missing, [](const std::string& path) { return path; }));
  add("not in the model", joined(rest.unexpected, [&](const std::string& name) {
        return fmt::format("{} {}", name, file.arrays.at(name).shape());
      }));
  add("of another shape", joined(rest.misshaped, both_shapes));
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
  save_safetensors(path, arrays, stamped(model_format, arrays, metadata));
}

SafetensorsFile load_model_file(const std::filesystem::path& path) {
  SafetensorsFile file = load_safetensors(path);
  (void)check_stamp(model_format, path, file);
  return file;
}

Metadata load_parameters(const std::filesystem::path& path, std::span<const NamedParameter> parameters) {
  require<ValueError>(!parameters.empty(),
                      "load_parameters: no parameters for '{}'; make the list after build(), of a model whose visit() "
                      "names them",
                      path.string());
  require_created("load_parameters", parameters);
  SafetensorsFile file = load_model_file(path);
  const std::string problems = differences(file, parameters);
  require<FormatError>(problems.empty(), "load_parameters: '{}' does not fit the model: {}", path.string(), problems);
  for (const auto& [name, parameter] : parameters) parameter->edit().assign(file.arrays.at(name));
  return std::move(file.metadata);
}

PartialLoad load_some_parameters(const std::filesystem::path& path, std::span<const NamedParameter> parameters) {
  require_created("load_some_parameters", parameters);
  SafetensorsFile file = load_model_file(path);
  PartialLoad left = compare(file, parameters);
  for (const auto& [name, tensor] : file.integers) left.unexpected.push_back(name);
  for (const auto& [name, parameter] : parameters)
    if (const auto found = file.arrays.find(name);
        found != file.arrays.end() && found->second.shape() == parameter->shape())
      parameter->edit().assign(found->second);
  left.metadata = std::move(file.metadata);
  return left;
}

}  // namespace recur
