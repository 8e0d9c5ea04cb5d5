#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace recur {

/// Returns a name beside `path` that no other process chooses: `path.0123456789abcdef.tmp`, with random digits. Process
/// ids would not do, because they repeat in containers.
[[nodiscard]] std::filesystem::path temporary_name(const std::filesystem::path& path);

/// Returns the name of the file that a temporary file stands for; none if `name` is not the name of a temporary file.
/// Names with a process id and a number, `path.17.0.tmp`, count as temporary.
[[nodiscard]] std::optional<std::string_view> without_temporary_suffix(std::string_view name);

}  // namespace recur
