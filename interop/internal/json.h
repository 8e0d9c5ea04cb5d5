#pragma once

#include <recur/framework/tensor/array.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace recur::interop {

/// Keeps keys in the order of the file: a state dict says by it how modules follow each other.
using Json = nlohmann::ordered_json;

/// Reads JSON nested at most 64 levels. @throws FormatError, beginning with `where`, with line and column.
[[nodiscard]] Json parse_json(const std::string& text, const std::string& where);

/// Reads an array of numbers, nested at most `Shape::max_rank` levels with equal lengths, as float32.
/// @throws FormatError, beginning with `where`, for another value, for lists of unequal lengths and for numbers that
/// are not finite.
[[nodiscard]] Array read_array(const Json& json, const std::string& where);

/// Writes an array as nested lists; every float32 with the digits that bring it back.
[[nodiscard]] Json write_array(const Array& array);

/// Returns the value of a key. @throws FormatError, beginning with `where`, without it or for a value of another type.
[[nodiscard]] std::int64_t read_integer(const Json& json, const char* key, const std::string& where);
[[nodiscard]] std::string read_string(const Json& json, const char* key, const std::string& where);
[[nodiscard]] double read_number(const Json& json, const char* key, double otherwise, const std::string& where);

}  // namespace recur::interop
