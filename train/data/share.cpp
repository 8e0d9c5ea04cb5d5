#include <recur/train/data/share.h>

#include <numeric>
#include <span>

namespace recur {
namespace {

std::vector<Index> block(Index rows, const Share& share) {
  std::vector<Index> own(static_cast<std::size_t>(share.count(rows)));
  std::iota(own.begin(), own.end(), share.first(rows));
  return own;
}

std::vector<Index> dealt_by_length(std::span<const Index> lengths, const Share& share) {
  std::vector<Index> order(lengths.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::ranges::stable_sort(order, [&](Index a, Index b) {
    return lengths[static_cast<std::size_t>(a)] > lengths[static_cast<std::size_t>(b)];
  });
  std::vector<Index> own;
  for (Index i = 0; i < std::ssize(order); ++i) {
    const Index round = i / share.ranks, place = i % share.ranks;
    const Index rank = round % 2 == 0 ? place : share.ranks - 1 - place;
    if (rank == share.rank) own.push_back(order[static_cast<std::size_t>(i)]);
  }
  std::ranges::sort(own);
  return own;
}

// [steps, batch] to [steps, own rows].
std::vector<std::int32_t> columns(const std::vector<std::int32_t>& ids, Index batch, const Share& share) {
  std::vector<std::int32_t> own;
  const Index first = share.first(batch), count = share.count(batch);
  for (auto step = ids.begin(); step < ids.end(); step += batch)
    own.insert(own.end(), step + first, step + first + count);
  return own;
}

}  // namespace

Tensor<float> rows_of(const Tensor<float>& tensor, const std::vector<Index>& rows) {
  const Shape& shape = tensor.shape();
  const Index row = shape[0] == 0 ? 0 : shape.count() / shape[0];
  Tensor<float> own(shape.with(0, std::ssize(rows)));
  for (Index i = 0; i < std::ssize(rows); ++i)
    std::copy_n(tensor.data() + rows[static_cast<std::size_t>(i)] * row, row, own.data() + i * row);
  return own;
}

Batch share_of(const Batch& batch, const Share& share) {
  const std::vector<Index> own = block(batch.inputs.shape()[0], share);
  return {rows_of(batch.inputs, own), rows_of(batch.targets, own)};
}

StreamWindow share_of(const StreamWindow& window, const Share& share) {
  return {columns(window.inputs, window.batch, share), columns(window.targets, window.batch, share),
          share.count(window.batch)};
}

PaddedBatch share_of(const PaddedBatch& batch, const Share& share) {
  const std::vector<Index> own =
      batch.lengths.empty() ? block(batch.inputs.shape()[0], share) : dealt_by_length(batch.lengths, share);
  PaddedBatch result{rows_of(batch.inputs, own), rows_of(batch.targets, own), {}, batch.labels};
  if (!batch.lengths.empty())
    for (const Index row : own) result.lengths.push_back(batch.lengths[static_cast<std::size_t>(row)]);
  return result;
}

}  // namespace recur
