#pragma once

#include <string>
#include <vector>

#include "commands.h"
#include "settings.h"

namespace recur::tools {

// First configs of jobs whose data are no tables. Each throws UsageError for files that are not of its kind,
// FormatError for files that cannot be read.

/// Of two recordings, or two folders of clips: before and after a device.
[[nodiscard]] Settings::Json audio_config(const std::vector<std::string>& files);
/// Of a table of labelled recordings, or a folder with a folder for each label.
[[nodiscard]] Settings::Json classification_config(const std::vector<std::string>& files);

}  // namespace recur::tools
