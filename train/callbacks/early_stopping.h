#pragma once

#include <recur/train/loop/checkpoint.h>
#include <recur/train/loop/snapshot.h>
#include <recur/train/loop/training.h>

#include <optional>
#include <string>

namespace recur {

struct EarlyStoppingOptions {
  /// `valid_loss`, `train_loss`, a metric; empty: the validation loss or, without validation, the training loss.
  std::string monitor{};
  /// Improvements that are not larger do not count.
  double min_delta = 0;
  /// So many epochs without improvement end the training.
  Index patience = 1;
  /// What has to be beaten at first; without one, anything does.
  std::optional<double> baseline{};
  bool maximize = false;  ///< What is watched should grow (an accuracy).
  /// At the end of training, however it came, the parameters are those of the best epoch.
  bool restore_best_weights = false;
};

/// Ends training when it does not get better any more. (Keras EarlyStopping; there, the weights are restored only when it was
/// this callback that ended the training.)
class EarlyStopping {
 public:
  /// @throws ValueError for patience < 1 or min_delta < 0
  explicit EarlyStopping(EarlyStoppingOptions options = {});

  void on_train_begin(Training& training);
  /// @throws ValueError when the report has no number of the name that is watched.
  [[nodiscard]] bool on_epoch_end(Training& training);
  void on_train_end(Training& training);
  void save(TrainingState& state) const;
  void load(const TrainingState& state);

  /// The epoch with the best value so far; 0: none.
  [[nodiscard]] Index best_epoch() const { return best_epoch_; }

 private:
  EarlyStoppingOptions options_;
  double best_ = 0;  // turned, if need be, so that less is better
  Index best_epoch_ = 0;
  Index waited_ = 0;
  Snapshot weights_;
};

}  // namespace recur
