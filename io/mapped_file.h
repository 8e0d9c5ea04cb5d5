#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace recur {

/// A file seen as memory without being read into it: the system fetches what is looked at and may drop it again, so the file may
/// be larger than the memory. Read-only. Views into it are valid as long as this object lives.
///
/// A file that another program cuts short meanwhile loses the bytes under the views: touching them ends the program (SIGBUS).
/// `bytes` and `text` therefore look at the file's size each time, so that a program which asks for every part anew, as `TextFile`
/// does, gets an exception instead, unless the cut falls between the call and the use. A file that is replaced by a rename is no
/// danger: the old one stays mapped.
class MappedFile {
 public:
  /// @throws FormatError for a file that does not exist, is none, or cannot be opened or mapped.
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  /// @throws ValueError for bytes outside [0, size()); FormatError when the file has become shorter.
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t offset, std::size_t count) const;
  [[nodiscard]] std::string_view text(std::size_t offset, std::size_t count) const;
  /// These bytes need not be kept for this process: the system counts the pages they lie on no longer as its memory, and fetches
  /// them again when they are looked at again. For a program that goes once through a large file.
  /// @throws ValueError for bytes outside [0, size()).
  void release(std::size_t offset, std::size_t count) const;

 private:
  void check_range(std::size_t offset, std::size_t count) const;

  std::string name_;
  int descriptor_ = -1;
  std::size_t size_ = 0;
  void* memory_ = nullptr;
};

}  // namespace recur
