#pragma once

#include <filesystem>

#include "commands.h"
#include "settings.h"
#include "task.h"

namespace recur::tools {

/// A model file and all about it.
struct Trained {
  std::filesystem::path model;
  ModelNotes notes;
  Settings settings;
  std::uint64_t seed;
};

/// Finds what the command line names: a config and the model of its run, the folder of a run, or a model file. Throws
/// UsageError for a config that is wrong, FormatError for a file that `recur train` did not write.
[[nodiscard]] Trained find_trained(const Flags& flags);

/// Builds the model with the weights of the file.
[[nodiscard]] Task load_trained(const Flags& flags, Trained& trained, Task::Options options);

}  // namespace recur::tools
