#pragma once

#include <recur/optim/schedules.h>
#include <recur/train/loop/checkpoint.h>
#include <recur/train/loop/training.h>

#include <string>

namespace recur {

/// Sets the learning rate of every epoch: `LearningRateScheduler(optim::step_decay({.initial = 0.1, .every = 10}))`, counted in
/// epochs from 0. One that changes with every step is given to the optimizer instead. (Keras LearningRateScheduler)
class LearningRateScheduler {
 public:
  explicit LearningRateScheduler(optim::Schedule schedule) : schedule_(std::move(schedule)) {}
  /// @throws as `Optimizer::set_learning_rate`
  void on_epoch_begin(Training& training) { training.optimizer.set_learning_rate(schedule_(training.epoch - 1)); }

 private:
  optim::Schedule schedule_;
};

/// `optim::ReduceOnPlateau` told of every epoch. From the first reduction on it replaces a schedule of the optimizer by the
/// reduced rate. (Keras ReduceLROnPlateau)
class ReduceLROnPlateau {
 public:
  /// @param monitor as in EarlyStoppingOptions. @throws as `optim::ReduceOnPlateau`
  explicit ReduceLROnPlateau(optim::ReduceOnPlateauOptions options = {}, std::string monitor = {})
      : plateau_(options), monitor_(std::move(monitor)) {}

  void on_train_begin(Training&) { plateau_.set_state({}); }
  void on_epoch_end(Training& training);
  void save(TrainingState& state) const;
  void load(const TrainingState& state);

 private:
  optim::ReduceOnPlateau plateau_;
  std::string monitor_;
};

}  // namespace recur
