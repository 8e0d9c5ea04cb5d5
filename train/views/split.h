#pragma once

#include <recur/train/views/select.h>

#include <cstdint>
#include <optional>
#include <span>

namespace recur::views {

/// Splits the numbers [0, size) into parts of these counts, in order, or with a seed at random (sorted within each
/// part). Throws ValueError if a count is negative or they do not add up to size.
[[nodiscard]] std::vector<std::vector<Index>> split_numbers(Index size, std::span<const Index> counts,
                                                            std::optional<std::uint64_t> seed);
/// Returns the sizes of parts that are these fractions of size, rounded so that fractions that add up to 1 use all.
/// Throws ValueError if a fraction is negative, they add up to more than 1, or a part would be empty.
[[nodiscard]] std::vector<Index> counts_of_fractions(Index size, std::span<const double> fractions);

/// Splits a data set into parts of these counts: `auto parts = split_counts(data, {50'000, 10'000})`. Without a seed
/// parts are consecutive, as a series needs, so that validation data come after training data. With a seed they are
/// drawn at random. The data set must outlive the parts. Throws ValueError if a count is negative or they do not add up
/// to the size.
template <Dataset D>
[[nodiscard]] std::vector<Select<D&>> split_counts(D& data, const std::vector<Index>& counts,
                                                   std::optional<std::uint64_t> seed = std::nullopt) {
  std::vector<Select<D&>> parts;
  for (auto& numbers : split_numbers(data.size(), counts, seed)) parts.emplace_back(data, std::move(numbers));
  return parts;
}

/// Splits a data set by fractions that add up to 1: `split(data, {0.8, 0.1, 0.1}, seed)`. Throws ValueError if a
/// fraction is negative, they add up to another sum, or a part would be empty.
template <Dataset D>
[[nodiscard]] std::vector<Select<D&>> split(D& data, const std::vector<double>& fractions,
                                            std::optional<std::uint64_t> seed = std::nullopt) {
  return split_counts(data, counts_of_fractions(data.size(), fractions), seed);
}

}  // namespace recur::views
