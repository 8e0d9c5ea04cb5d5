#pragma once

#include <filesystem>

#include "commands.h"
#include "settings.h"
#include "task.h"

namespace recur::tools {

/// A model file, its metadata and its settings.
struct Trained {
  std::filesystem::path model;
  ModelNotes notes;
  Settings settings;
  std::uint64_t seed;
};

/// Finds the model that the command line names by a config, the folder of a run, or a model file. Throws UsageError if
/// the config is wrong, FormatError if `recur train` did not write the file.
[[nodiscard]] Trained find_trained(const Flags& flags);

/// Builds the model and loads its weights from the file.
[[nodiscard]] Task load_trained(const Flags& flags, Trained& trained, Task::Options options);

}  // namespace recur::tools
