#include <recur/train/samples/copy_memory.h>

#include <algorithm>
#include <cmath>

namespace recur::samples {
namespace {

constexpr std::int32_t remembered_symbols = 8;
constexpr std::int32_t request = 9;

}  // namespace

IdSequences copy_memory(Index batch, Index gap, Generator& generator) {
  require<ValueError>(batch >= 1 && gap >= 1, "copy_memory: batch and gap must be at least 1, got {} and {}", batch,
                      gap);
  const Index time = gap + 2 * copy_length;
  const auto size = static_cast<std::size_t>(batch * time);
  IdSequences result{batch, time, std::vector<std::int32_t>(size), std::vector<std::int32_t>(size), {}};
  for (Index b = 0; b < batch; ++b) {
    const auto begin = result.inputs.begin() + b * time;
    const auto end = begin + time;
    for (auto symbol = begin; symbol < begin + copy_length; ++symbol)
      *symbol = 1 + static_cast<std::int32_t>(generator.below(remembered_symbols));
    std::fill(end - copy_length - 1, end, request);
    std::copy(begin, begin + copy_length, result.targets.begin() + (b + 1) * time - copy_length);
  }
  return result;
}

double copy_memory_baseline(Index gap) {
  require<ValueError>(gap >= 1, "copy_memory_baseline: gap must be at least 1, got {}", gap);
  return static_cast<double>(copy_length) * std::log(remembered_symbols) / static_cast<double>(gap + 2 * copy_length);
}

}  // namespace recur::samples
