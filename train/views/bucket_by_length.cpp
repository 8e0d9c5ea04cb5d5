#include <recur/train/views/bucket_by_length.h>

#include <algorithm>

namespace recur::views {

std::vector<std::vector<Index>> bucket(std::span<const Index> lengths, const BucketOptions& options, Index epoch) {
  require<ValueError>(options.batch >= 1 && options.pool >= 1,
                      "bucket_by_length: batch {} and pool {} must be at least 1", options.batch, options.pool);
  const auto count = static_cast<Index>(lengths.size());
  Generator generator = Generator(options.seed).fork(static_cast<std::uint64_t>(epoch));
  std::vector<Index> order = generator.permutation(count);
  const auto shorter = [&](Index a, Index b) {
    return lengths[static_cast<std::size_t>(a)] < lengths[static_cast<std::size_t>(b)];
  };
  // Compared before multiplying: either number may be huge.
  const Index in_pool = options.pool > count / options.batch ? count : options.pool * options.batch;
  std::vector<std::vector<Index>> batches;
  for (Index pool = 0; pool < count; pool += in_pool) {
    const Index end = pool + std::min(in_pool, count - pool);
    if (options.pool > 1) std::stable_sort(order.begin() + pool, order.begin() + end, shorter);
    for (Index first = pool; first < end; first += std::min(options.batch, end - first))
      batches.emplace_back(order.begin() + first, order.begin() + first + std::min(options.batch, end - first));
  }
  generator.shuffle(batches);
  return batches;
}

}  // namespace recur::views
