#pragma once

#include <recur/train/data/example.h>

#include <span>
#include <vector>

namespace recur {

/// Sequences of different lengths in memory, one after the other without padding.
///
///     const NpzFile music("jsb.npz");
///     const auto train = SequenceDataset::next_step(music.load<float>("train_frames"),
///                                                   music.load<Index>("train_lengths").values());
///     auto batches = views::bucket_by_length(train, {.batch = 8});
class SequenceDataset {
 public:
  /// @param inputs, targets `[steps of all sequences, …]`.
  /// Throws ShapeError unless both have as many steps as `lengths` adds up to, ValueError if a length is negative.
  SequenceDataset(Tensor<float> inputs, Tensor<float> targets, std::span<const Index> lengths);
  /// Makes a data set in which each step is predicted from the steps before it: inputs are all steps of a sequence but
  /// the last, targets all but the first. @param steps `[steps of all sequences, …]`.
  /// Throws ShapeError unless `lengths` adds up to the steps, ValueError if a length is below 2.
  [[nodiscard]] static SequenceDataset next_step(const Tensor<float>& steps, std::span<const Index> lengths);
  /// Makes a data set with one target for each sequence. @param inputs `[steps of all sequences, …]`. @param targets
  /// `[sequences, …]`; `[sequences]` for classes.
  /// Throws ShapeError unless `lengths` adds up to the steps and there is a target for each sequence, ValueError if a
  /// length is negative.
  [[nodiscard]] static SequenceDataset labelled(Tensor<float> inputs, Tensor<float> targets,
                                                std::span<const Index> lengths);

  /// Returns the number of sequences.
  [[nodiscard]] Index size() const { return static_cast<Index>(starts_.size()) - 1; }
  /// Returns the number of steps of a sequence. Throws ValueError if index is outside [0, size()).
  [[nodiscard]] Index length(Index index) const;
  /// Returns a copy of a sequence `[time, …]`. Throws ValueError if index is outside [0, size()).
  [[nodiscard]] Example operator[](Index index) const;

 private:
  SequenceDataset() = default;
  void set_starts(std::span<const Index> lengths);

  Tensor<float> inputs_;
  Tensor<float> targets_;
  std::vector<Index> starts_;  // and, last, the end
  bool labels_ = false;        // one target a sequence
};

}  // namespace recur
