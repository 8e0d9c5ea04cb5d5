#pragma once

#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>

namespace recur {

/// A UTF-8 byte order mark. It is not a character of the text behind it.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Returns the bytes of a text file, without a byte order mark. Throws FormatError if the file is missing, empty, a
/// directory, cannot be read, or has more than `longest` bytes.
[[nodiscard]] std::string read_text_file(const std::filesystem::path& path,
                                         std::size_t longest = std::numeric_limits<std::ptrdiff_t>::max());

/// A text cut into a part for training and a part for validation.
struct TextSplit {
  std::string train;
  std::string validation;
};

/// Cuts off the last `fraction` of a text for validation, between two UTF-8 characters. Throws ValueError unless 0 <
/// fraction < 1 and both parts have characters.
[[nodiscard]] TextSplit split_text(std::string_view text, double fraction = 0.1);

}  // namespace recur
