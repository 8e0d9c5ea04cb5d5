#pragma once

#include <recur/train/data/example.h>
#include <recur/train/data/stream_batches.h>

#include <algorithm>
#include <vector>

namespace recur {

/// The part of every batch that one of several ranks trains on.
struct Share {
  Index rank = 0;
  Index ranks = 1;

  /// Returns the number of rows of this rank, of `rows` in all. The first ranks take one more where it does not divide.
  [[nodiscard]] Index count(Index rows) const { return rows / ranks + (rank < rows % ranks ? 1 : 0); }
  /// Returns the first row of this rank.
  [[nodiscard]] Index first(Index rows) const { return rows / ranks * rank + std::min(rank, rows % ranks); }
};

/// Returns the rows of one rank, in a block. A batch with fewer rows than ranks leaves shares without rows.
[[nodiscard]] Batch share_of(const Batch& batch, const Share& share);
/// Returns streams of one rank, in a block: the streams of a rank are the same in all windows.
[[nodiscard]] StreamWindow share_of(const StreamWindow& window, const Share& share);
/// Returns sequences of one rank. With lengths, sequences are dealt out by length, longest first and in a snake, so
/// that the steps of two ranks differ by less than the longest sequence. Shares keep the padded length of the batch.
[[nodiscard]] PaddedBatch share_of(const PaddedBatch& batch, const Share& share);

/// Returns copies of the rows with these numbers, along the first axis.
[[nodiscard]] Tensor<float> rows_of(const Tensor<float>& tensor, const std::vector<Index>& rows);

/// Returns the number of rows of a batch: sequences side by side.
template <class B>
[[nodiscard]] Index batch_rows(const B& batch) {
  if constexpr (requires { batch.inputs.shape()[0]; }) return batch.inputs.shape()[0];
  else if constexpr (requires { Index{batch.batch}; }) return batch.batch;
  else return 1;
}

/// True for batches that `share_of` can divide.
template <class B>
concept DivisibleBatch = requires(const B& batch, const Share& share) {
  share_of(batch, share);
};

}  // namespace recur
