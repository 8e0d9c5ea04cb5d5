#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace recur {

/// A file that is read through memory mapping. The system loads the parts that are used and may drop them again, so the
/// file may be larger than memory. Read-only. Views are valid while this object lives.
///
/// If another program cuts the file short, touching the lost bytes ends the program (SIGBUS). `bytes` and `text`
/// therefore check the size of the file at each call and throw instead, unless the cut comes between the call and the
/// use. Replacing the file by renaming another one over it is safe: the old file stays mapped.
class MappedFile {
 public:
  /// Throws FormatError if the file does not exist, is not a regular file, or cannot be opened or mapped.
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Return a part of the file. Throw ValueError if it is outside [0, size()), FormatError if the file has become
  /// shorter.
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t offset, std::size_t count) const;
  [[nodiscard]] std::string_view text(std::size_t offset, std::size_t count) const;
  /// Tells the system that the process does not need these bytes now; they are loaded again when they are used. For a
  /// program that reads through a large file once. Throws ValueError if the bytes are outside [0, size()).
  void release(std::size_t offset, std::size_t count) const;

 private:
  void check_range(std::size_t offset, std::size_t count) const;

  std::string name_;
  int descriptor_ = -1;
  std::size_t size_ = 0;
  void* memory_ = nullptr;
};

}  // namespace recur
