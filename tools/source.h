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

/// Data in batches, whatever they are made of. Ids and classes are numbers among others; a batch without lengths has
/// only whole sequences. As views are, batches are functions of their number, the seed and the epoch alone.
class Source {
 public:
  using Batches = std::function<PaddedBatch(Index)>;
  Source() = default;
  /// @param start_epoch may be empty
  Source(Index size, Batches batches, std::function<void(Index)> start_epoch = {}, bool continues = false)
      : size_(size), batches_(std::move(batches)), start_epoch_(std::move(start_epoch)), continues_(continues) {}

  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] PaddedBatch operator[](Index index) const { return batches_(index); }
  void start_epoch(Index epoch) {
    if (start_epoch_) start_epoch_(epoch);
  }
  /// Whether each batch goes on where the one before ended, so that states are carried over.
  [[nodiscard]] bool continues() const { return continues_; }
  /// Whether the target of a step is among the inputs of later steps, so that a model must not look at these.
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
  /// Of the order, which is another one every epoch; none: as the data is.
  std::optional<std::uint64_t> shuffle{};
};

/// Sequences of any lengths in one piece, and what is wanted: of every step, or of every sequence.
struct Ragged {
  Tensor<float> inputs;        ///< `[all steps, …]`
  Tensor<float> targets;       ///< `[all steps, …]` or `[sequences, …]`
  std::vector<Index> lengths;  ///< Steps of each.
  bool labels = false;         ///< The targets are of sequences.
};

/// Examples of equal shapes. Throws ShapeError unless inputs and targets have equal first axes.
[[nodiscard]] Source examples(Tensor<float> inputs, Tensor<float> targets, const Cut& cut);
/// Sequences, those of similar lengths in one batch if they are shuffled. @throws ShapeError as `SequenceDataset`, and
/// for another number of targets than of steps or sequences.
[[nodiscard]] Source ragged(Ragged sequences, const Cut& cut);
/// Windows of `time` ids, and for each id the one that follows. @throws ValueError for less than one window.
[[nodiscard]] Source windows(const IdSequence& ids, Index time, const Cut& cut);
/// Windows of `time` ids in `batch` streams side by side (fewer if they are too short). Each window continues the
/// window before it. Throws ValueError if there is less than one window.
[[nodiscard]] Source stream(const IdSequence& ids, Index time, Index batch);
/// Windows of a series `[time, features]`; targets of several steps that follow a window side by side, `[steps ·
/// features]`. Throws ShapeError for another rank, ValueError if the series is too short for one window.
[[nodiscard]] Source series(Tensor<float> values, const WindowOptions& options, const Cut& cut);
/// What `make` gives for an epoch, another one every time but always with as many batches.
[[nodiscard]] Source fresh(std::function<Source(Index epoch)> make);

}  // namespace recur::tools
