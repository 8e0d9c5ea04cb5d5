// The reference of what configs may name: classes with their keys and defaults.

#include <recur/framework/tensor/nearest_name.h>
#include <recur/layers/activation.h>
#include <recur/layers/config/config.h>
#include <recur/optim/config.h>
#include <recur/optim/schedule_config.h>
#include <recur/train/loop/metrics.h>

#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "commands.h"
#include "settings.h"

namespace recur::tools {
namespace {

struct Class {
  std::string name;
  std::vector<ConfigKey> keys;
};
struct Section {
  const char* title;
  const char* introduction;
  std::vector<Class> classes;
};

template <class KeysOf>
std::vector<Class> classes(const std::vector<std::string>& names, KeysOf keys_of) {
  std::vector<Class> list;
  list.reserve(names.size());
  for (const std::string& name : names) list.push_back({name, keys_of(name)});
  return list;
}

std::vector<Section> sections(const Registry& registry) {
  return {{"Layers", "Every layer may also have `name`, `trainable`, `dtype` and `activity_regularizer`.",
           classes(registry.layer_names(), [&](const std::string& name) { return layer_keys(registry, name); })},
          {"Cells", "For `RNN` and `StackedRNNCells`. Every cell may also have `name`, `trainable` and `dtype`.",
           classes(registry.cell_names(), [&](const std::string& name) { return cell_keys(registry, name); })},
          {"Optimizers", "Without a prefix the class is that of Keras 3, in any case: `adam`.",
           classes(optim::config_names(), [](const std::string& name) { return optim::config_keys(name); })},
          {"Schedules", "For the learning rate of an optimizer.",
           classes(optim::schedule_names(), [](const std::string& name) { return optim::schedule_keys(name); })}};
}

void print_class(const Class& of) {
  fmt::print("### {}\n\n", of.name);
  std::string ignored;
  bool heading = false;
  for (const ConfigKey& key : of.keys) {
    if (key.kind == "ignored") {
      ignored += fmt::format("{}`{}`", ignored.empty() ? "" : ", ", key.name);
      continue;
    }
    if (!std::exchange(heading, true)) fmt::print("| key | value | default |\n| --- | --- | --- |\n");
    const std::string otherwise = key.otherwise.empty() ? "" : '`' + key.otherwise + '`';
    fmt::print("| `{}` | {} | {} |\n", key.name, key.kind, key.required ? "required" : otherwise);
  }
  if (!ignored.empty()) fmt::print("{}Without effect: {}.\n", heading ? "\n" : "", ignored);
  if (of.keys.empty()) fmt::print("No keys.\n");
  fmt::print("\n");
}

void print_json(const std::vector<Section>& all) {
  for (const Section& section : all)
    for (const Class& of : section.classes)
      for (const ConfigKey& key : of.keys)
        fmt::print("{}\n", Settings::Json{{"section", section.title},
                                          {"class_name", of.name},
                                          {"key", key.name},
                                          {"value", key.kind},
                                          {"default", key.otherwise},
                                          {"required", key.required}}
                               .dump());
}

}  // namespace

void list_keys(const Flags& flags) {
  std::vector<Section> all = sections(flags.registry != nullptr ? *flags.registry : Registry());
  if (!flags.file.empty()) {
    std::vector<std::string> names;
    for (Section& section : all) {
      for (const Class& of : section.classes) names.push_back(of.name);
      std::erase_if(section.classes, [&](const Class& of) { return of.name != flags.file; });
    }
    std::erase_if(all, [](const Section& section) { return section.classes.empty(); });
    require<UsageError>(!all.empty(), "no class {}{}", flags.file, did_you_mean(flags.file, names));
  }
  if (flags.json) return print_json(all);
  if (flags.file.empty()) fmt::print("# Classes and keys of configs\n\n");
  for (const Section& section : all) {
    if (flags.file.empty()) fmt::print("## {}\n\n{}\n\n", section.title, section.introduction);
    for (const Class& of : section.classes) print_class(of);
  }
  if (flags.file.empty())
    fmt::print("## Names\n\nActivations: `{}`.\n\nMetrics: `{}`.\n", fmt::join(Activation::names(), "`, `"),
               fmt::join(metric_names(), "`, `"));
}

}  // namespace recur::tools
