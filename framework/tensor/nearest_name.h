#pragma once

#include <span>
#include <string>
#include <string_view>

namespace recur {

/// The one of `known` that `name` most likely is a misspelling of: of its letters, large and small ones being alike, at most a third
/// (but always one) are wrong, missing, too many or exchanged with their neighbour. Empty if there is none.
[[nodiscard]] std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// For error messages: ` (did you mean units?)`, or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string> known);

}  // namespace recur
