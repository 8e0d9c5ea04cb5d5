#pragma once

#include <recur/interop/torch/module_text.h>
#include <recur/interop/torch/state_dict.h>
#include <recur/interop/torch/torch_file.h>

#include <map>
#include <string>
#include <vector>

namespace recur::interop {

/// The tensors of one module by their names in it.
struct TensorGroup {
  std::string prefix;
  std::map<std::string, const Array*> tensors;

  [[nodiscard]] bool has(const std::string& name) const { return tensors.contains(name); }
  [[nodiscard]] std::string full(const std::string& name) const { return prefix.empty() ? name : prefix + "." + name; }
  [[nodiscard]] const Array& at(const std::string& name) const {
    const auto found = tensors.find(name);
    require<FormatError>(found != tensors.end(), "{}: tensor '{}' is missing", "describe_torch", full(name));
    return *found->second;
  }
};

/// Puts tensors together whose names are the same up to the last dot, in the order of the file. @param prefix of every
/// name, left out
[[nodiscard]] std::vector<TensorGroup> group_tensors(const StateDict& dict, const std::string& prefix);

/// What wrappers put before every name: `module.`, `_orig_mod.`; with a description of the modules, whatever it does
/// not know.
[[nodiscard]] std::string common_prefix(const StateDict& dict, const std::vector<TorchModule>& modules);

/// Names the module of a group by its tensors; `matrix` for one that may be an Embedding or a Linear without a bias.
/// @throws FormatError for tensors of no known module
[[nodiscard]] TorchModule guess_module(const TensorGroup& g);

}  // namespace recur::interop
