#pragma once

#include <filesystem>

namespace recur::tools {

/// Prints what a file of another program holds. Returns false, without printing, for safetensors and what is not known.
[[nodiscard]] bool inspect_foreign(const std::filesystem::path& path, bool json);

}  // namespace recur::tools
