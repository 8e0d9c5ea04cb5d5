#pragma once

#include <recur/framework/tensor/error.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recur::hdf5 {

inline constexpr std::uint64_t undefined = ~std::uint64_t{0};

/// Little-endian numbers of a piece of the file, one after another.
class Cursor {
 public:
  Cursor(std::string_view bytes, const std::string& name, std::uint64_t offset)
      : bytes_(bytes), name_(name), offset_(offset) {}

  /// Reads a number and goes on behind it. Throws FormatError if the bytes end before.
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  /// Returns the next `count` bytes and goes on behind them. Throws FormatError if there are fewer.
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_)
      fail<FormatError>("Hdf5File: '{}', byte {}: the file is cut short or inconsistent", name_, offset_ + at_);
    const std::string_view found = bytes_.substr(at_, count);
    at_ += count;
    return found;
  }
  /// Passes over `count` bytes. Throws FormatError if there are fewer.
  void skip(std::uint64_t count) { (void)take(count); }
  /// Goes on to the next multiple of 8, as far as there are bytes.
  void align() { skip(std::min<std::uint64_t>((8 - at_ % 8) % 8, bytes_.size() - at_)); }
  [[nodiscard]] std::uint64_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] std::string_view rest() const { return bytes_.substr(at_); }

 private:
  std::string_view bytes_;
  const std::string& name_;
  std::uint64_t offset_;
  std::uint64_t at_ = 0;
};

/// Sizes of a dataspace message; none for a null space.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> read_space(std::string_view message, const std::string& name);

}  // namespace recur::hdf5
