#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace recur {

/// Prints `recur: warning: TEXT` as a line on standard error, for a program that goes on in another way than asked.
/// Never throws.
void print_warning_line(std::string_view text) noexcept;

/// `print_warning_line` with the formatted text.
template <class... Args>
void warn(fmt::format_string<Args...> text, Args&&... args) {
  print_warning_line(fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace recur
