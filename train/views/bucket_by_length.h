#pragma once

#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/random.h>
#include <recur/train/data/sequences.h>
#include <recur/train/views/view.h>

#include <vector>

namespace recur::views {

struct BucketOptions {
  Index batch = 32;
  /// Number of batches whose sequences are drawn at random, sorted by length, and cut into batches together. 1 does not
  /// sort. More makes less padding and mixes less.
  Index pool = 16;
  std::uint64_t seed = 0;
};

/// Returns the batches of one epoch as numbers of sequences of similar lengths. Each sequence occurs once. Throws
/// ValueError if `batch` or `pool` is less than 1.
[[nodiscard]] std::vector<std::vector<Index>> bucket(std::span<const Index> lengths, const BucketOptions& options,
                                                     Index epoch);

/// Batches of sequences of similar lengths, with little padding.
template <Dataset D>
  requires std::same_as<Element<D>, Example>
class BucketByLength : public View<D> {
 public:
  static constexpr bool reorders = true;

  BucketByLength(D&& data, BucketOptions options) : View<D>(std::forward<D>(data)), options_(options) {
    measure();
    batches_ = bucket(lengths_, options_, 0);
  }

  [[nodiscard]] Index size() const { return static_cast<Index>(batches_.size()); }
  [[nodiscard]] PaddedBatch operator[](Index index) const {
    detail::require_element("bucket_by_length", index, size());
    std::vector<Example> sequences;
    for (const Index number : batches_[static_cast<std::size_t>(index)]) sequences.push_back(this->base(number));
    return pad(sequences);
  }
  /// Draws the batches of this epoch. They depend on the seed and on `epoch` only.
  void start_epoch(Index epoch) {
    View<D>::start_epoch(epoch);
    measure();
    batches_ = bucket(lengths_, options_, epoch);
  }

 private:
  // Lengths may change from epoch to epoch. A data set that knows them is not made to produce every sequence.
  void measure() {
    lengths_.resize(static_cast<std::size_t>(this->base_size()));
    for (Index i = 0; i < this->base_size(); ++i) {
      if constexpr (requires { this->data().length(i); })
        lengths_[static_cast<std::size_t>(i)] = this->data().length(i);
      else lengths_[static_cast<std::size_t>(i)] = this->base(i).inputs.shape()[0];
    }
  }

  BucketOptions options_;
  std::vector<Index> lengths_;
  std::vector<std::vector<Index>> batches_;
};

/// Makes batches of sequences of similar lengths: `bucket_by_length(music, {.batch = 8, .seed = 1})`. Batches and their
/// order are drawn anew in each epoch and depend on the seed and the epoch only. An RNN takes them with their lengths:
/// `rnn.call(tape.constant(b.inputs), {.lengths = b.lengths})`.
template <Dataset D>
[[nodiscard]] BucketByLength<D> bucket_by_length(D&& data, BucketOptions options = {}) {
  return {std::forward<D>(data), options};
}

}  // namespace recur::views
