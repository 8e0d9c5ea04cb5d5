#pragma once

#include <string_view>

namespace recur {

/// Checks that a text is JSON, that it is nested at most `deepest` levels, and that no object has a key twice (a parser
/// would take the last one). Throws ValueError. The message begins with `prefix` and has the line and column of an
/// error of syntax, or the JSON pointer of a key.
void check_json(std::string_view text, const char* prefix = "", int deepest = 256);

}  // namespace recur
