#pragma once

#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>

namespace recur {

/// A UTF-8 byte order mark, which is no character of the text behind it.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The bytes of a text file, without a byte order mark. @throws FormatError when it is missing, empty, a directory, cannot be read or
/// has more than `longest` bytes.
[[nodiscard]] std::string read_text_file(const std::filesystem::path& path,
                                         std::size_t longest = std::numeric_limits<std::ptrdiff_t>::max());

/// Text to learn from and text, never seen in training, to judge by.
struct TextSplit {
  std::string train;
  std::string validation;
};

/// Sets the last `fraction` of a text apart, without cutting a UTF-8 character in two.
/// @throws ValueError unless 0 < fraction < 1 leaves something in both parts.
[[nodiscard]] TextSplit split_text(std::string_view text, double fraction = 0.1);

}  // namespace recur
