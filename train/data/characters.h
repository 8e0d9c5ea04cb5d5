#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace recur {

/// A character at the beginning of a text: a UTF-8 code point, or a byte that is part of none.
struct Character {
  std::uint32_t code;  ///< The code point, or `stray_byte` + the byte.
  std::size_t length;  ///< In bytes, 1 to 4.
};

inline constexpr std::uint32_t stray_byte = 0x110000;  ///< One more than the last code point.
inline constexpr std::size_t longest_character = 4;

/// The character that `text`, which is not empty, begins with.
[[nodiscard]] Character first_character(std::string_view text);

}  // namespace recur
