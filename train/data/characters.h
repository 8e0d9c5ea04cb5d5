#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
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

/// A character as messages show it: itself in quotes, or `U+000D` if it cannot be seen, or `byte 0xFF`.
[[nodiscard]] std::string shown_character(std::string_view bytes);

}  // namespace recur
