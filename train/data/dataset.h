#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/data/batch_iterator.h>
#include <recur/train/data/example.h>

#include <span>
#include <vector>

namespace recur {

/// Examples held in memory.
class TensorDataset {
 public:
  /// Takes inputs `[examples, …]` and targets `[examples, …]`. Throws ShapeError unless both have at least one axis and
  /// equal first axes.
  TensorDataset(Tensor<float> inputs, Tensor<float> targets);

  [[nodiscard]] Index size() const { return inputs_.shape()[0]; }
  /// Returns a copy of one example, without the first axis. Throws ValueError if index is outside [0, size()).
  [[nodiscard]] Example operator[](Index index) const;
  /// Returns copies of the examples with these numbers, in this order, as one batch. Throws ValueError if a number is
  /// outside [0, size()).
  [[nodiscard]] Batch gather(std::span<const Index> examples) const;

 private:
  Tensor<float> inputs_;
  Tensor<float> targets_;
};

struct BatchOptions {
  Index batch = 32;
  /// Use another order in each epoch. Orders depend on `seed` and the number of the epoch only.
  bool shuffle = true;
  std::uint64_t seed = 0;
  /// Leave out the last batch if it is smaller than the others.
  bool drop_last = false;
};

/// A data set in memory, shuffled and cut into batches without a copy of every example, as
/// `views::batch(views::shuffle(data, seed), batch)` would do: `for (const Batch& batch : batches) use(batch);`. It
/// refers to the data set, which must outlive it.
class Batches {
 public:
  /// Throws ValueError if the batch size is < 1, or if `drop_last` leaves no batch.
  Batches(const TensorDataset& data, BatchOptions options = {});
  /// A temporary data set would be gone before its first batch: give it a name.
  Batches(const TensorDataset&& data, BatchOptions options = {}) = delete;

  [[nodiscard]] Index size() const;
  /// Returns a copy of batch `index`. Throws ValueError if index is outside [0, size()).
  [[nodiscard]] Batch operator[](Index index) const;
  [[nodiscard]] BatchIterator<Batches> begin() const { return {*this, 0}; }
  [[nodiscard]] BatchIterator<Batches> end() const { return {*this, size()}; }
  /// Returns these batches without shuffling.
  [[nodiscard]] Batches in_order() const;
  /// Shuffles for this epoch. The order depends on the seed and on `epoch` only, so a resumed run has the orders of an
  /// uninterrupted one.
  void start_epoch(Index epoch);

 private:
  const TensorDataset& data_;
  BatchOptions options_;
  std::vector<Index> order_;
};

}  // namespace recur
