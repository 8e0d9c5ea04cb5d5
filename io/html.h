#pragma once

#include <string>
#include <string_view>

namespace recur {

/// Text as it has to stand in HTML or SVG, between tags or in an attribute's double quotes. Control characters other than tabs
/// and line ends become U+FFFD.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace recur
