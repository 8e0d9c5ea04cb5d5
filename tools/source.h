#pragma once

#include <recur/train/data/dataset.h>
#include <recur/train/data/id_sequence.h>
#include <recur/train/data/windows.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace recur::tools {

/// Data in batches of any origin. Ids and classes are stored as numbers. A batch without lengths has sequences of equal
/// lengths. A batch depends only on its number, the seed and the epoch.
class Source {
 public:
  using Batches = std::function<PaddedBatch(Index)>;
  Source() = default;
  /// `start_epoch` may be empty.
  Source(Index size, Batches batches, std::function<void(Index)> start_epoch = {}, bool continues = false)
      : size_(size), batches_(std::move(batches)), start_epoch_(std::move(start_epoch)), continues_(continues) {}

  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] PaddedBatch operator[](Index index) const { return batches_(index); }
  void start_epoch(Index epoch) {
    if (start_epoch_) start_epoch_(epoch);
  }
  /// Returns true if each batch continues the batch before it, so that states are carried.
  [[nodiscard]] bool continues() const { return continues_; }
  /// Returns true if the target of a step is among the inputs of later steps, so that a model must not use later steps.
  [[nodiscard]] bool predicts_next() const { return predicts_next_; }
  [[nodiscard]] Source predicting_next(bool yes = true) && {
    predicts_next_ = yes;
    return std::move(*this);
  }

 private:
  Index size_ = 0;
  Batches batches_;
  std::function<void(Index)> start_epoch_;
  bool continues_ = false;
  bool predicts_next_ = false;
};

/// How a source is cut into batches.
struct Cut {
  Index batch = 32;
  /// Seed of the order, which differs from epoch to epoch; without it batches have the order of the data.
  std::optional<std::uint64_t> shuffle{};
};

/// Sequences of any lengths, one after another, with a target for each step or for each sequence.
struct Ragged {
  Tensor<float> inputs;        ///< `[all steps, …]`
  Tensor<float> targets;       ///< `[all steps, …]` or `[sequences, …]`
  std::vector<Index> lengths;  ///< Number of steps of each sequence.
  bool labels = false;         ///< Whether there is one target for each sequence.
};

/// Makes batches of examples of equal shapes. Throws ShapeError unless inputs and targets have equal first axes.
[[nodiscard]] Source examples(Tensor<float> inputs, Tensor<float> targets, const Cut& cut);
/// Makes batches of sequences. If they are shuffled, sequences of a batch have similar lengths. Throws ShapeError as
/// `SequenceDataset` does, and if the number of targets is neither that of steps nor that of sequences.
[[nodiscard]] Source ragged(Ragged sequences, const Cut& cut);
/// Makes batches of windows of `time` ids. The target of an id is the next id. Throws ValueError if there is less than
/// one window.
[[nodiscard]] Source windows(const IdSequence& ids, Index time, const Cut& cut);
/// Windows of `time` ids in `batch` streams side by side (fewer if they are too short). Each window continues the
/// window before it. Throws ValueError if there is less than one window.
[[nodiscard]] Source stream(const IdSequence& ids, Index time, Index batch);
/// Windows of a series `[time, features]`; targets of several steps that follow a window side by side, `[steps ·
/// features]`. Throws ShapeError for another rank, ValueError if the series is too short for one window.
[[nodiscard]] Source series(Tensor<float> values, const WindowOptions& options, const Cut& cut);
/// Makes a source whose batches in each epoch are those of `make(epoch)`. All epochs must have equal numbers of
/// batches.
[[nodiscard]] Source fresh(std::function<Source(Index epoch)> make);

}  // namespace recur::tools
