#pragma once

#include <recur/train/callbacks/log_file.h>
#include <recur/train/loop/training.h>

#include <filesystem>
#include <string>

namespace recur {

// Callbacks that write what `numbers_of` an epoch's report gives. All can be resumed: no line is lost and none comes
// twice. Each throws FormatError when a training begins if no file can be written at its path.

/// Writes a CSV table: a heading, then one line an epoch. Numbers that are NaN are left empty.
class CsvLogger {
 public:
  static constexpr bool leader_only = true;
  explicit CsvLogger(std::filesystem::path path) : file_(std::move(path)) {}

  void on_train_begin(Training& training);
  /// Throws ValueError if the metrics differ from those of the first epoch.
  void on_epoch_end(Training& training);
  void on_train_end(Training&) { file_.finish(); }
  void save(TrainingState& state) const;
  void load(const TrainingState& state);

 private:
  LogFile file_;
  std::string columns_;
};

/// Writes one JSON object a line for each epoch: `{"epoch":1,"best":true,"step":250,"train_loss":…}`, null for numbers
/// that are not finite. With `every`, also one each `every` steps: `{"step":…,"loss":…,"gradient_norm":…}`.
class JsonLinesLogger {
 public:
  static constexpr bool leader_only = true;
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

/// Writes event files for TensorBoard (`tensorboard --logdir FOLDER`): a curve over the steps for each number of an
/// epoch's report. With `every`, also `step/loss` and `step/gradient_norm` each `every` steps.
class TensorBoardLogger {
 public:
  static constexpr bool leader_only = true;
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
