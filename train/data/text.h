#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace recur {

/// The bytes of a text file. @throws FormatError when it is missing, empty, a directory or cannot be read.
[[nodiscard]] std::string read_text_file(const std::filesystem::path& path);

/// Text to learn from and text, never seen in training, to judge by.
struct TextSplit {
  std::string train;
  std::string validation;
};

/// Sets the last `fraction` of a text apart, without cutting a UTF-8 character in two.
/// @throws ValueError unless 0 < fraction < 1 leaves something in both parts.
[[nodiscard]] TextSplit split_text(std::string_view text, double fraction = 0.1);

}  // namespace recur
