#pragma once

#include <recur/optim/schedules.h>
#include <recur/train/loop/checkpoint.h>
#include <recur/train/loop/training.h>

#include <string>

namespace recur {

/// Sets the learning rate at the beginning of each epoch, counted from 0:
/// `LearningRateScheduler(optim::step_decay({.initial = 0.1, .every = 10}))`. Give a schedule by steps to the optimizer
/// instead. (Keras LearningRateScheduler)
class LearningRateScheduler {
 public:
  explicit LearningRateScheduler(optim::Schedule schedule) : schedule_(std::move(schedule)) {}
  /// Throws StateError if the optimizer has no learning rate, ValueError if the rate is negative.
  void on_epoch_begin(Training& training) { training.optimizer.set_learning_rate(schedule_(training.epoch - 1)); }

 private:
  optim::Schedule schedule_;
};

/// Reduces the learning rate when the watched number does not improve (`optim::ReduceOnPlateau`). From the first
/// reduction on the reduced rate replaces a schedule of the optimizer. (Keras ReduceLROnPlateau)
class ReduceLROnPlateau {
 public:
  /// @param monitor number to watch, see EarlyStoppingOptions. Throws ValueError if an option is out of its range.
  explicit ReduceLROnPlateau(optim::ReduceOnPlateauOptions options = {}, std::string monitor = {})
      : plateau_(options), monitor_(std::move(monitor)) {}

  void on_train_begin(Training& training);
  void on_epoch_end(Training& training);
  void save(TrainingState& state) const;
  void load(const TrainingState& state);

 private:
  optim::ReduceOnPlateau plateau_;
  std::string monitor_;
};

}  // namespace recur
