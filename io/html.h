#pragma once

#include <string>
#include <string_view>

namespace recur {

/// Escapes a text for HTML or SVG, between tags or in an attribute in double quotes. Control characters other than tabs
/// and line ends become U+FFFD.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace recur
