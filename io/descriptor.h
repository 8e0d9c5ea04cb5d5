#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace recur {

/// Opens a file, close-on-exec, under a descriptor above those of the standard streams: a file never stands where a
/// closed standard output was, where printed lines would land in it. Returns -1 and leaves the reason in errno if the
/// file cannot be opened.
[[nodiscard]] int open_descriptor(const std::filesystem::path& path, int flags, unsigned mode = 0);

/// Writes all bytes, going on after signals. Returns false and leaves the reason in errno if that fails.
[[nodiscard]] bool write_all(int descriptor, std::span<const std::byte> bytes);

}  // namespace recur
