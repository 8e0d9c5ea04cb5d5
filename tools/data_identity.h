#pragma once

#include <string>

#include "settings.h"

namespace recur::tools {

/// Returns a text that differs for different data: the config's `data` with the checksum of each file in place of its
/// name, so that files may be moved. Files that cannot be read keep their names.
[[nodiscard]] std::string data_identity(const Settings::Json& data);

}  // namespace recur::tools
