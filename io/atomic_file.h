#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace recur {

/// Replaces a file as a whole or not at all: writes go to a temporary file beside it, `commit` syncs it to the disk and
/// renames it. Whatever fails before leaves the old file as it was, and no temporary file behind.
class AtomicFile {
 public:
  /// @throws FormatError when no file can be made there.
  explicit AtomicFile(const std::filesystem::path& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// @throws FormatError, with the system's reason, when the bytes cannot be written.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// Puts the file in place. Call once, last. @throws FormatError
  void commit();

 private:
  [[noreturn]] void fail_system(const char* action) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

}  // namespace recur
