#pragma once

#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/random.h>
#include <recur/train/data/sequences.h>
#include <recur/train/views/view.h>

#include <vector>

namespace recur::views {

struct BucketOptions {
  Index batch = 32;
  /// So many batches' sequences, drawn at random, are sorted by length and cut into batches: 1 does not sort, more pads less but
  /// mixes less.
  Index pool = 16;
  std::uint64_t seed = 0;
};

/// The batches of one epoch: numbers of sequences of similar lengths, each once.
/// @throws ValueError for a batch or pool of less than 1.
[[nodiscard]] std::vector<std::vector<Index>> bucket(std::span<const Index> lengths, const BucketOptions& options,
                                                     Index epoch);

/// Batches of sequences of similar lengths, so that little is padded.
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
  /// The batches of this epoch, whatever was drawn before.
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

/// `bucket_by_length(music, {.batch = 8, .seed = 1})`: another mixture and order every epoch, the same ones for the same seed. Batches
/// go into an RNN with their lengths: `rnn.call(tape.constant(b.inputs), {.lengths = b.lengths})`.
template <Dataset D>
[[nodiscard]] BucketByLength<D> bucket_by_length(D&& data, BucketOptions options = {}) {
  return {std::forward<D>(data), options};
}

}  // namespace recur::views
