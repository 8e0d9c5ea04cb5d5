#pragma once

#include <recur/train/callbacks/log_file.h>
#include <recur/train/loop/training.h>

#include <filesystem>
#include <string>

namespace recur {

// Callbacks that write what `numbers_of` an epoch's report gives. All can be resumed: no line is lost and none comes twice. Each throws
// FormatError when a training begins if no file can be written at its path.

/// A table, one line an epoch under a line of names. What is not a number is left empty.
class CSVLogger {
 public:
  explicit CSVLogger(std::filesystem::path path) : file_(std::move(path)) {}

  void on_train_begin(Training& training);
  /// @throws ValueError when the metrics are others than in the first epoch.
  void on_epoch_end(Training& training);
  void on_train_end(Training&) { file_.finish(); }
  void save(TrainingState& state) const;
  void load(const TrainingState& state);

 private:
  LogFile file_;
  std::string columns_;
};

/// One JSON object a line: `{"epoch":1,"best":true,"step":250,"train_loss":…}`, null for what is not finite. With `every`, each
/// so many steps one of `{"step":…,"loss":…,"gradient_norm":…}` as well.
class JsonLinesLogger {
 public:
  explicit JsonLinesLogger(std::filesystem::path path, Index every = 0) : file_(std::move(path)), every_(every) {}

  void on_train_begin(Training&) { file_.begin(); }
  void on_step_end(Training& training);
  void on_epoch_end(Training& training);
  void on_train_end(Training&) { file_.finish(); }
  void save(TrainingState& state) const { file_.save(state); }
  void load(const TrainingState& state) { file_.load(state); }

 private:
  LogFile file_;
  Index every_;
};

/// Event files for TensorBoard (`tensorboard --logdir FOLDER`): each number of an epoch's report is a curve over the steps; with
/// `every`, each so many steps `step/loss` and `step/gradient_norm` as well.
class TensorBoardLogger {
 public:
  explicit TensorBoardLogger(const std::filesystem::path& folder, Index every = 0)
      : file_(folder / "events.out.tfevents.0.recur"), every_(every) {}

  void on_train_begin(Training&) { file_.begin(); }
  void on_step_end(Training& training);
  void on_epoch_end(Training& training);
  void on_train_end(Training&) { file_.finish(); }
  void save(TrainingState& state) const { file_.save(state); }
  void load(const TrainingState& state) { file_.load(state); }

 private:
  void write(const NamedNumbers& numbers, Index step);

  LogFile file_;
  Index every_;
};

}  // namespace recur
