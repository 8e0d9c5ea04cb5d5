#pragma once

#include <recur/io/model_file.h>
#include <recur/train/callbacks/file_pattern.h>
#include <recur/train/loop/checkpoint.h>
#include <recur/train/loop/training.h>

#include <limits>
#include <string>

namespace recur {

struct ModelCheckpointOptions {
  /// File of the parameters. It may have numbers of the epoch in it, `m-{epoch:02d}-{valid_loss:.2f}.safetensors`; see
  /// FilePattern.
  std::string path;
  /// Save only if the epoch is better than all epochs before.
  bool best_only = true;
  /// Number to watch, see EarlyStoppingOptions.
  std::string monitor{};
  bool maximize = false;
  Metadata metadata{};  ///< Put into the file.
};

/// Saves the parameters, without the optimizer, after the best epoch so far or after each epoch. To continue a training
/// use `CheckpointOptions` instead. An interrupted epoch is not saved. (Keras ModelCheckpoint)
class ModelCheckpoint {
 public:
  static constexpr bool leader_only = true;
  /// Throws ValueError if the path is empty or no FilePattern.
  explicit ModelCheckpoint(ModelCheckpointOptions options);

  /// Makes the folder of the file if it is missing. Throws FormatError if no file can be written there.
  void on_train_begin(Training& training);
  /// Throws ValueError if the report has no number called `monitor`, FormatError if the file cannot be written.
  void on_epoch_end(Training& training);
  void save(TrainingState& state) const { state.put("best", best_); }
  void load(const TrainingState& state) { best_ = state.number("best"); }

 private:
  ModelCheckpointOptions options_;
  FilePattern path_;
  double best_ = std::numeric_limits<double>::infinity();  // turned, if need be, so that less is better
};

}  // namespace recur
