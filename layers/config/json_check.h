#pragma once

#include <string_view>

namespace recur {

/// Checks a text before it is read as JSON: that it is JSON, nested at most `deepest` levels, and that no object has a
/// key twice, of which a reader would take the last one. @throws ValueError, beginning with `prefix`, with line and
/// column of what is no JSON, or the pointer of a key.
void check_json(std::string_view text, const char* prefix = "", int deepest = 256);

}  // namespace recur
