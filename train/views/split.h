#pragma once

#include <recur/train/views/select.h>

#include <cstdint>
#include <optional>
#include <span>

namespace recur::views {

/// The numbers [0, size) in parts of these counts, which add up to size: in order, or drawn with a seed (and sorted in each part).
/// @throws ValueError for counts that are negative or do not add up.
[[nodiscard]] std::vector<std::vector<Index>> split_numbers(Index size, std::span<const Index> counts,
                                                            std::optional<std::uint64_t> seed);
/// Counts of parts that are these fractions of size, each rounded to the nearest where it ends; all are used if they add up to 1.
/// @throws ValueError for fractions that are negative, add up to more than 1, or leave a part empty.
[[nodiscard]] std::vector<Index> counts_of_fractions(Index size, std::span<const double> fractions);

/// Parts by counts that add up to the size: `auto parts = split_counts(data, {50'000, 10'000})`, `parts[0]` to learn from. Without a
/// seed they follow each other, as it must be for a series: what is judged by comes after what is learnt. With one they are drawn at
/// random; the same for the same seed. The data must outlive them. @throws ValueError as `split_numbers`
template <Dataset D>
[[nodiscard]] std::vector<Select<D&>> split_counts(D& data, const std::vector<Index>& counts,
                                                   std::optional<std::uint64_t> seed = std::nullopt) {
  std::vector<Select<D&>> parts;
  for (auto& numbers : split_numbers(data.size(), counts, seed)) parts.emplace_back(data, std::move(numbers));
  return parts;
}

/// Parts by fractions that add up to 1: `split(data, {0.8, 0.1, 0.1}, seed)`. @throws ValueError as `counts_of_fractions`, and for
/// another sum.
template <Dataset D>
[[nodiscard]] std::vector<Select<D&>> split(D& data, const std::vector<double>& fractions,
                                            std::optional<std::uint64_t> seed = std::nullopt) {
  return split_counts(data, counts_of_fractions(data.size(), fractions), seed);
}

}  // namespace recur::views
