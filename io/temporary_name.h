#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace recur {

/// A name beside `path` that no other process chooses: `path.0123456789abcdef.tmp`, with random digits. A process id would not do, as
/// containers begin to count anew.
[[nodiscard]] std::filesystem::path temporary_name(const std::filesystem::path& path);

/// The name of the file that a temporary file of this name was for; none if it is not the name of a temporary file. Names with process id
/// and number, `path.17.0.tmp`, are temporary as well.
[[nodiscard]] std::optional<std::string_view> without_temporary_suffix(std::string_view name);

}  // namespace recur
