#pragma once

#include <filesystem>

#include "commands.h"
#include "settings.h"

namespace recur::tools {

// The commands for configs whose data are recordings of a device.

void train_audio(const Flags& flags, Settings& settings);
void evaluate_audio(const Flags& flags, const std::filesystem::path& model);
/// Puts a recording, or each of a folder, through the model and writes what comes out as WAV or FLAC.
void predict_audio(const Flags& flags, const std::filesystem::path& model);

}  // namespace recur::tools
