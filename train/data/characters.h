#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace recur {

/// The first character of a text: a UTF-8 code point, or a byte that is not part of one.
struct Character {
  std::uint32_t code;  ///< The code point, or `stray_byte` + the byte.
  std::size_t length;  ///< In bytes, 1 to 4.
};

inline constexpr std::uint32_t stray_byte = 0x110000;  ///< One more than the last code point.
inline constexpr std::size_t longest_character = 4;

/// Returns the first character of `text`, which must not be empty.
[[nodiscard]] Character first_character(std::string_view text);

/// Returns a character as messages show it: in quotes, `U+000D` if it is not visible, `byte 0xFF` for a byte outside
/// UTF-8.
[[nodiscard]] std::string shown_character(std::string_view bytes);

}  // namespace recur
