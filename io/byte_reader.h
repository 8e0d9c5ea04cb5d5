#pragma once

#include <recur/framework/tensor/error.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace recur {

/// Bytes of a file, read once from front to back. Errors name the function that reads, the file and the offset in it.
class ByteReader {
 public:
  virtual ~ByteReader() = default;
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;

  /// Fills `to`. @throws FormatError when fewer bytes are left, or they cannot be read.
  void read(std::span<std::byte> to);
  /// Bytes read so far.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  /// No more bytes than this can follow, whatever a header says: what may be asked for before memory is taken.
  [[nodiscard]] std::uint64_t at_most() const { return position_ < limit_ ? limit_ - position_ : 0; }
  /// Call last. @throws FormatError when bytes are left, or what was read does not have the checksum that was stored with it.
  void finish();

  /// @throws FormatError with the message unless `condition` holds.
  template <class... Args>
  void check(bool condition, fmt::format_string<Args...> message, Args&&... args) const {
    if (!condition) [[unlikely]]
      refuse(position_, fmt::vformat(message, fmt::make_format_args(args...)));
  }
  [[noreturn]] void refuse(std::uint64_t offset, const std::string& message) const;

 protected:
  /// `function` and `name` appear in messages; `limit`: the most bytes that there can be.
  ByteReader(std::string function, std::string name, std::uint64_t limit = 0)
      : function_(std::move(function)), name_(std::move(name)), limit_(limit) {}
  /// Reads up to `to.size()` bytes; fewer at the end only. @throws FormatError by `refuse`.
  [[nodiscard]] virtual std::size_t read_some(std::span<std::byte> to) = 0;
  void set_limit(std::uint64_t limit) { limit_ = limit; }

 private:
  std::string function_;
  std::string name_;
  std::uint64_t limit_;
  std::uint64_t position_ = 0;
};

/// Deflate makes at most so many bytes of one (https://zlib.net/zlib_tech.html).
inline constexpr std::uint64_t largest_deflate_ratio = 1032;

/// Reads a file; one that gzip has compressed is inflated on the way, and offsets are then those of the inflated bytes.
/// @throws FormatError for a file that does not exist, is none, or cannot be opened.
[[nodiscard]] std::unique_ptr<ByteReader> open_file(std::string function, const std::filesystem::path& path);

}  // namespace recur
