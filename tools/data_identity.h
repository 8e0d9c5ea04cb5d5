#pragma once

#include <string>

#include "settings.h"

namespace recur::tools {

/// Tells data apart: the config's `data` with the checksum of the contents in the place of each file's name, so that a
/// file may move. Files that cannot be read keep their names.
[[nodiscard]] std::string data_identity(const Settings::Json& data);

}  // namespace recur::tools
