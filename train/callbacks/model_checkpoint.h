#pragma once

#include <recur/io/model_file.h>
#include <recur/train/callbacks/file_pattern.h>
#include <recur/train/loop/checkpoint.h>
#include <recur/train/loop/training.h>

#include <limits>
#include <string>

namespace recur {

struct ModelCheckpointOptions {
  /// File of the parameters. Numbers of the epoch may be in it, `m-{epoch:02d}-{valid_loss:.2f}.safetensors`: see FilePattern.
  std::string path;
  /// Only of an epoch that is better than all before.
  bool best_only = true;
  /// As in EarlyStoppingOptions.
  std::string monitor{};
  bool maximize = false;
  Metadata metadata{};  ///< Put into the file.
};

/// Saves the model, without optimizer, after the best epoch so far or every epoch: to use it, where `CheckpointOptions` are to go
/// on training. An epoch that was interrupted is not saved. (Keras ModelCheckpoint)
class ModelCheckpoint {
 public:
  /// @throws ValueError for an empty path, or one that is no FilePattern
  explicit ModelCheckpoint(ModelCheckpointOptions options);

  /// Makes the folder of the file if it is not there. @throws FormatError if no file can be written there
  void on_train_begin(Training& training);
  /// @throws as `number_of` and `save_parameters`
  void on_epoch_end(Training& training);
  void save(TrainingState& state) const { state.put("best", best_); }
  void load(const TrainingState& state) { best_ = state.number("best"); }

 private:
  ModelCheckpointOptions options_;
  FilePattern path_;
  double best_ = std::numeric_limits<double>::infinity();  // turned, if need be, so that less is better
};

}  // namespace recur
