#pragma once

#include <recur/optim/optimizer.h>

#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace recur {

class Tape;

/// Numbers with names, in the order in which they are shown.
using NamedNumbers = std::vector<std::pair<std::string, double>>;

/// Results of one epoch.
struct EpochReport {
  Index epoch = 0;  ///< Number of the epoch, from 1.
  /// Mean of the losses of all steps, weighted by their examples (`Trainer::weigh`).
  double train_loss = 0;
  double valid_loss = std::numeric_limits<double>::quiet_NaN();  ///< Weighted like train_loss; NaN without validation.
  bool validated = false;  ///< Whether there was validation; its loss may still be NaN.
  double seconds = 0;      ///< Seconds of training since the start, without validation.
  bool best = false;  ///< Whether the validation loss (without validation, the training loss) is the lowest so far.
  bool interrupted = false;  ///< Whether a signal ended the epoch early.
  /// Further numbers by name: those of `Trainer::metrics` and those that callbacks added.
  NamedNumbers metrics;
  Index step = 0;  ///< Number of steps since the start.
  double learning_rate =
      std::numeric_limits<double>::quiet_NaN();  ///< Learning rate of the next update; NaN if the optimizer has none.
  /// Mean over all updates of the norm of the gradient before clipping; NaN if not measured.
  double gradient_norm = std::numeric_limits<double>::quiet_NaN();
  /// Items (`TrainerOptions::items`) trained on in a second; NaN if not counted.
  double items_per_second = std::numeric_limits<double>::quiet_NaN();
};

/// Returns a number of the report by its name: `train_loss`, `valid_loss` (Keras's `loss` and `val_loss`) or a metric.
/// For an empty name it returns the validation loss, NaN included, or the training loss if there was no validation.
/// Throws ValueError, with the known names, for another name.
[[nodiscard]] double number_of(const EpochReport& report, const std::string& name);

/// Returns the numbers of the report for logs: `step`, `train_loss`, `valid_loss`, `learning_rate`, `gradient_norm`,
/// `seconds`, `items_per_second`, then the metrics. Numbers that are missing are NaN, so the list always has equal
/// names.
[[nodiscard]] NamedNumbers numbers_of(const EpochReport& report);

/// The state of a running training, for callbacks.
struct Training {
  std::span<const NamedParameter> parameters;
  optim::Optimizer& optimizer;
  Tape& tape;
  Index epochs = 0;    ///< Number of the last epoch to train.
  Index batches = 0;   ///< Batches of an epoch.
  std::string items;   ///< What `EpochReport::items_per_second` counts.
  Index epoch = 1;     ///< Number of the present epoch; a second `fit` continues the count.
  Index batch = 0;     ///< Batches trained in this epoch.
  Index step = 0;      ///< Batches trained in all.
  double seconds = 0;  ///< Seconds of training.
  double loss = 0;     ///< Loss of the last step.
  double gradient_norm = std::numeric_limits<double>::quiet_NaN();  ///< Norm of the gradient at the last update.
  EpochReport report{};  ///< Report of the last epoch; `on_epoch_end` may add metrics for later callbacks.
  bool measures = true;  ///< True if `Trainer::metrics` is set.
};

/// Writes `recur: warning: <text>` to standard error.
void print_warning(const std::string& text);

}  // namespace recur
