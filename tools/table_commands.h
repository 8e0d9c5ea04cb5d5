#pragma once

#include <filesystem>

#include "commands.h"
#include "settings.h"

namespace recur::tools {

// The commands for configs whose data are tables.

/// Whether a model file, or those of a run's seeds, were trained on tables.
[[nodiscard]] bool is_table_model(const std::filesystem::path& model);

void train_table(const Flags& flags, Settings& settings);
void evaluate_table(const Flags& flags, const std::filesystem::path& model);
void predict_table(const Flags& flags, const std::filesystem::path& model);

}  // namespace recur::tools
