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
  /// @throws ShapeError unless both have at least one axis and equal first axes.
  TensorDataset(Tensor<float> inputs, Tensor<float> targets);

  [[nodiscard]] Index size() const { return inputs_.shape()[0]; }
  /// One example, without the first axis. @throws ValueError for a number outside [0, size()).
  [[nodiscard]] Example operator[](Index index) const;
  /// The examples of these numbers, in this order. @throws ValueError for a number outside [0, size()).
  [[nodiscard]] Batch gather(std::span<const Index> examples) const;

 private:
  Tensor<float> inputs_;
  Tensor<float> targets_;
};

struct BatchOptions {
  Index batch = 32;
  /// Another order every epoch; the same ones for the same seed.
  bool shuffle = true;
  std::uint64_t seed = 0;
  /// Leave out a last batch that is smaller than the others.
  bool drop_last = false;
};

/// A data set in memory, shuffled and cut into batches without a copy of every example, as `views::batch(views::shuffle(data, seed),
/// batch)` would do: `for (const Batch& batch : batches) use(batch);`. It refers to the data set, which must
/// outlive it.
class Batches {
 public:
  /// @throws ValueError for a batch size < 1, or when drop_last leaves nothing.
  Batches(const TensorDataset& data, BatchOptions options = {});
  /// A temporary data set would be gone before its first batch: give it a name.
  Batches(const TensorDataset&& data, BatchOptions options = {}) = delete;

  [[nodiscard]] Index size() const;
  /// @throws ValueError for an index outside [0, size()).
  [[nodiscard]] Batch operator[](Index index) const;
  [[nodiscard]] BatchIterator<Batches> begin() const { return {*this, 0}; }
  [[nodiscard]] BatchIterator<Batches> end() const { return {*this, size()}; }
  /// The same batches in the order of the data.
  [[nodiscard]] Batches in_order() const;
  /// Puts the examples in the order of this epoch, whatever was drawn before: a resumed run sees what the first one would have.
  void start_epoch(Index epoch);

 private:
  const TensorDataset& data_;
  BatchOptions options_;
  std::vector<Index> order_;
};

}  // namespace recur
