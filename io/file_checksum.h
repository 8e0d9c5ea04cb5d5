#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace recur {

/// Computes the CRC-32 of zip and PNG of bytes that arrive in pieces.
class FileChecksum {
 public:
  /// Adds the next bytes.
  void add(std::span<const std::byte> bytes);
  [[nodiscard]] std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 0;
};

}  // namespace recur
