#pragma once

#include <recur/train/data/example.h>

#include <span>
#include <vector>

namespace recur {

/// Sequences of different lengths in memory, one after the other without padding.
///
///     const NpzFile music("jsb.npz");
///     const auto train = SequenceDataset::next_step(music.load<float>("train_frames"), music.load<Index>("train_lengths").values());
///     auto batches = views::bucket_by_length(train, {.batch = 8});
class SequenceDataset {
 public:
  /// @param inputs, targets `[all steps, …]`
  /// @throws ShapeError unless both have as many steps as the lengths together; ValueError for a negative length.
  SequenceDataset(Tensor<float> inputs, Tensor<float> targets, std::span<const Index> lengths);
  /// Each step is to be predicted from those before it: the inputs are all steps but the last, the targets all but the first.
  /// @param steps `[all steps, …]`. @throws as the constructor; ValueError for a length below 2.
  [[nodiscard]] static SequenceDataset next_step(const Tensor<float>& steps, std::span<const Index> lengths);

  /// Number of sequences.
  [[nodiscard]] Index size() const { return static_cast<Index>(starts_.size()) - 1; }
  /// Steps of a sequence. @throws ValueError for an index outside [0, size()).
  [[nodiscard]] Index length(Index index) const;
  /// A sequence `[time, …]`. @throws ValueError for an index outside [0, size()).
  [[nodiscard]] Example operator[](Index index) const;

 private:
  Tensor<float> inputs_;
  Tensor<float> targets_;
  std::vector<Index> starts_;  // and, last, the end
};

}  // namespace recur
