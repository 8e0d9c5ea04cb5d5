#include <recur/train/loop/label_error.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace recur {

Index edit_distance(std::span<const std::int32_t> read, std::span<const std::int32_t> wanted) {
  // Distances of the labels of `read` so far to each beginning of `wanted`.
  std::vector<Index> distances(wanted.size() + 1);
  std::iota(distances.begin(), distances.end(), Index{0});
  for (std::size_t i = 0; i < read.size(); ++i) {
    Index diagonal = distances[0]++;
    for (std::size_t j = 0; j < wanted.size(); ++j) {
      const Index substituted = diagonal + (read[i] == wanted[j] ? 0 : 1);
      diagonal = distances[j + 1];
      distances[j + 1] = std::min({substituted, distances[j + 1] + 1, distances[j] + 1});
    }
  }
  return distances.back();
}

void LabelError::update(std::span<const std::int32_t> read, std::span<const std::int32_t> wanted) {
  errors_ += static_cast<double>(edit_distance(read, wanted));
  labels_ += static_cast<double>(wanted.size());
}

}  // namespace recur
