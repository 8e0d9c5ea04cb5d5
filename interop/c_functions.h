#pragma once

#include <span>
#include <string>
#include <string_view>

namespace recur::detail {

/// Writes a number as a C constant of type float that reads back as the same number.
[[nodiscard]] std::string c_number(float x);

/// Writes a pointwise function of fused expressions (framework/expr/functions.h) as a C expression. Throws ValueError
/// for a function that has no C form.
/// @param kind of an Activation, for the function `activate`
[[nodiscard]] std::string c_function(std::string_view function, std::span<const std::string> arguments, int kind);

/// Definitions of the functions that the expressions call, with `@` in place of the name of the model.
[[nodiscard]] std::string_view c_helpers();

}  // namespace recur::detail
