#pragma once

#include <recur/framework/tensor/error.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace recur {

/// Reads the bytes of a file once from front to back. Messages of errors have the name of the calling function, the
/// file and the offset.
class ByteReader {
 public:
  virtual ~ByteReader() = default;
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;

  /// Fills `to`. Throws FormatError if fewer bytes are left or they cannot be read.
  void read(std::span<std::byte> to);
  /// Returns the number of bytes read so far.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  /// Returns the most bytes that can follow, whatever a header says. Check sizes against it before memory is allocated.
  [[nodiscard]] std::uint64_t at_most() const { return position_ < limit_ ? limit_ - position_ : 0; }
  /// Ends the reading. Throws FormatError if bytes are left or a stored checksum does not match.
  void finish();

  /// Throws FormatError with the message unless `condition` holds.
  template <class... Args>
  void check(bool condition, fmt::format_string<Args...> message, Args&&... args) const {
    if (!condition) [[unlikely]]
      refuse(position_, fmt::vformat(message, fmt::make_format_args(args...)));
  }
  [[noreturn]] void refuse(std::uint64_t offset, const std::string& message) const;

 protected:
  /// @param function, name appear in messages @param limit the most bytes there can be
  ByteReader(std::string function, std::string name, std::uint64_t limit = 0)
      : function_(std::move(function)), name_(std::move(name)), limit_(limit) {}
  /// Reads up to `to.size()` bytes; fewer only at the end. Throws FormatError if they cannot be read.
  [[nodiscard]] virtual std::size_t read_some(std::span<std::byte> to) = 0;
  void set_limit(std::uint64_t limit) { limit_ = limit; }

 private:
  std::string function_;
  std::string name_;
  std::uint64_t limit_;
  std::uint64_t position_ = 0;
};

/// The most bytes that deflate makes from one byte (https://zlib.net/zlib_tech.html).
inline constexpr std::uint64_t largest_deflate_ratio = 1032;

/// Opens a file for reading. A file compressed by gzip is inflated, and offsets count inflated bytes. Throws
/// FormatError if the file does not exist, is not a regular file, or cannot be opened.
[[nodiscard]] std::unique_ptr<ByteReader> open_file(std::string function, const std::filesystem::path& path);

}  // namespace recur
