#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace recur {

/// Replaces a file as a whole or not at all: writes go to a temporary file beside it, `commit` syncs it to the disk and
/// renames it. Whatever fails before leaves the old file as it was, and no temporary file behind.
///
/// What is not a regular file is never replaced: a pipe, a terminal, /dev/null and the file of standard output or
/// standard error are written into.
class AtomicFile {
 public:
  /// @throws FormatError when no file can be made there, and for a folder, a disk or a socket.
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
  [[nodiscard]] bool opens_in_place();
  void open_temporary();
  [[noreturn]] void fail_system(const char* action) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty: written in place
  int descriptor_ = -1;
};

/// Removes temporary files that processes left which were killed within AtomicFile: those in `folder` for files called
/// `name`, or for any if it is empty. Those of living processes stay. Never throws.
void remove_stale_temporaries(const std::filesystem::path& folder, std::string_view name = {}) noexcept;

}  // namespace recur
