#pragma once

#include <filesystem>

#include "commands.h"
#include "settings.h"

namespace recur::tools {

// The commands for configs whose data are labelled recordings.

void train_classes(const Flags& flags, Settings& settings);
void evaluate_classes(const Flags& flags, const std::filesystem::path& model);
/// Writes the class and the probability of each as CSV.
void predict_classes(const Flags& flags, const std::filesystem::path& model);

}  // namespace recur::tools
