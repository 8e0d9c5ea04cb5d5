#pragma once

#include <recur/train/loop/checkpoint.h>
#include <recur/train/loop/snapshot.h>
#include <recur/train/loop/training.h>

#include <optional>
#include <string>

namespace recur {

struct EarlyStoppingOptions {
  /// Number to watch: `valid_loss`, `train_loss` or a metric. If empty, the validation loss, or the training loss
  /// without validation.
  std::string monitor{};
  /// An improvement must be larger than this to count.
  double min_delta = 0;
  /// Training ends after this number of epochs in a row without improvement.
  Index patience = 1;
  /// Value that the first epochs must improve on to count. Without it the first epoch counts.
  std::optional<double> baseline{};
  bool maximize = false;  ///< What is watched should grow (an accuracy).
  /// Restores the parameters of the best epoch when training ends, also after an interrupt.
  bool restore_best_weights = false;
};

/// Ends training when the watched number does not improve any more (Keras EarlyStopping). Unlike Keras's, it restores
/// the best weights also if training ended for another reason.
class EarlyStopping {
 public:
  /// Throws ValueError if patience < 1 or min_delta < 0.
  explicit EarlyStopping(EarlyStoppingOptions options = {});

  void on_train_begin(Training& training);
  /// Throws ValueError if the report has no number called `monitor`.
  [[nodiscard]] bool on_epoch_end(Training& training);
  void on_train_end(Training& training);
  void save(TrainingState& state) const;
  void load(const TrainingState& state);

  /// Returns the epoch with the best value so far; 0 before the first.
  [[nodiscard]] Index best_epoch() const { return best_epoch_; }

 private:
  EarlyStoppingOptions options_;
  double best_ = 0;  // turned, if need be, so that less is better
  Index best_epoch_ = 0;
  Index waited_ = 0;
  Snapshot weights_;
};

}  // namespace recur
