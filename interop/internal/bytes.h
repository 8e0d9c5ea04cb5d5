#pragma once

#include <filesystem>
#include <string>

namespace recur::interop {

/// Reads a file of at most 2 GiB. @throws FormatError, beginning with `where`
[[nodiscard]] std::string read_whole_file(const std::filesystem::path& path, const std::string& where);

/// Reads at most the first `count` bytes. @throws FormatError, beginning with `where`
[[nodiscard]] std::string read_file_begin(const std::filesystem::path& path, std::size_t count,
                                          const std::string& where);

/// Replaces a file as a whole or not at all.
void write_whole_file(const std::filesystem::path& path, const std::string& bytes);

}  // namespace recur::interop
