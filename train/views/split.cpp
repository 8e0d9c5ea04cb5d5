#include <recur/framework/tensor/random.h>
#include <recur/train/views/split.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace recur::views {

std::vector<std::vector<Index>> split_numbers(Index size, std::span<const Index> counts,
                                              std::optional<std::uint64_t> seed) {
  Index left = size;
  for (const Index count : counts) {
    require<ValueError>(count >= 0 && count <= left, "split: a part of {} elements, {} of {} are left", count, left,
                        size);
    left -= count;
  }
  require<ValueError>(left == 0, "split: {} of {} elements are in no part", left, size);
  std::vector<Index> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), Index{0});
  if (seed) Generator(*seed).shuffle(order);
  std::vector<std::vector<Index>> parts;
  auto from = order.begin();
  for (const Index count : counts) {
    parts.emplace_back(from, from + count);
    std::sort(parts.back().begin(), parts.back().end());
    from += count;
  }
  return parts;
}

std::vector<Index> counts_of_fractions(Index size, std::span<const double> fractions) {
  std::vector<Index> counts;
  double end = 0;
  Index done = 0;
  for (const double fraction : fractions) {
    require<ValueError>(fraction > 0, "split: a fraction of {}", fraction);
    end += fraction;
    const auto next = static_cast<Index>(std::llround(std::min(end, 1.0) * static_cast<double>(size)));
    require<ValueError>(next > done, "split: {} of {} elements are none", fraction, size);
    counts.push_back(next - done);
    done = next;
  }
  constexpr double rounding = 1e-9;
  require<ValueError>(std::abs(end - 1) < rounding, "split: the fractions add up to {}, not to 1", end);
  return counts;
}

}  // namespace recur::views
