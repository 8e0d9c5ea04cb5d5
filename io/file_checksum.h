#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace recur {

/// The CRC-32 (that of zip and PNG) of bytes that come in pieces.
class FileChecksum {
 public:
  void add(std::span<const std::byte> bytes);
  [[nodiscard]] std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 0;
};

}  // namespace recur
