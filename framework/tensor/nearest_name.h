#pragma once

#include <span>
#include <string>
#include <string_view>

namespace recur {

/// Returns the entry of `known` closest to `name` by edit distance, ignoring case; empty if more than a third of the
/// letters (at least one) would have to change.
[[nodiscard]] std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// Returns ` (did you mean units?)` for an error message; empty if no name is close.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string> known);

}  // namespace recur
