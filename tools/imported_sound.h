#pragma once

#include <filesystem>

#include "commands.h"

namespace recur::tools {

/// Returns true if the command line gives a sound to a model of another program, whose file `recur import` wrote.
[[nodiscard]] bool is_sound_for_imported(const Flags& flags, const std::filesystem::path& model);

/// Runs a recording through an imported model, with its gains, skip and initial states, and writes a recording of the
/// model's outputs. Throws UsageError for an output that is no sound file and for other channels than the model's
/// inputs, ValueError for another sample rate than the model's.
void predict_imported_sound(const Flags& flags);

}  // namespace recur::tools
