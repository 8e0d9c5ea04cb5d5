#pragma once

#include <recur/framework/autodiff/tape.h>
#include <recur/optim/optimizer.h>

#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace recur {

/// Numbers with names, in the order they are shown.
using NamedNumbers = std::vector<std::pair<std::string, double>>;

/// What one epoch came to.
struct EpochReport {
  Index epoch = 0;  ///< From 1.
  /// Mean of the steps' losses, each weighted by its examples (`Trainer::weigh`), as the validation loss is.
  double train_loss = 0;
  double valid_loss = std::numeric_limits<double>::quiet_NaN();  ///< NaN without validation.
  bool validated = false;                                        ///< There is a validation loss, be it NaN.
  double seconds = 0;  ///< Spent training since the start, validation not counted.
  bool best = false;   ///< The lowest validation loss so far (training loss without validation).
  bool interrupted = false;
  /// More numbers to report, by name: what `Trainer::metrics` returned and callbacks added.
  NamedNumbers metrics;
  Index step = 0;  ///< Done since the start.
  double learning_rate =
      std::numeric_limits<double>::quiet_NaN();  ///< Of the next update, with decay; NaN without one.
  /// Mean over the updates of the norm of the gradient that the optimizer used, before clipping; NaN if not measured.
  double gradient_norm = std::numeric_limits<double>::quiet_NaN();
  /// Samples, tokens … (`TrainerOptions::items`) trained on in a second; NaN if not counted.
  double items_per_second = std::numeric_limits<double>::quiet_NaN();
};

/// A number of the report by its name: `train_loss`, `valid_loss` (Keras's `loss` and `val_loss`), a metric; for an
/// empty name the validation loss or, without validation, the training loss; a validation loss that is NaN stays NaN.
/// @throws ValueError, with the names there are, for another.
[[nodiscard]] double number_of(const EpochReport& report, const std::string& name);

/// All numbers of the report but its epoch, as logs have them: `step`, `train_loss`, `valid_loss`, `learning_rate`,
/// `gradient_norm`, `seconds`, `items_per_second`, then the metrics. Always the same ones, NaN where there is none.
[[nodiscard]] NamedNumbers numbers_of(const EpochReport& report);

/// A training under way, as callbacks see it.
struct Training {
  std::span<const NamedParameter> parameters;
  optim::Optimizer& optimizer;
  Tape& tape;
  Index epochs = 0;                                                 ///< The last one to be done.
  Index batches = 0;                                                ///< Of an epoch.
  std::string items;                                                ///< What `EpochReport::items_per_second` counts.
  Index epoch = 1;                                                  ///< The present one; a second `fit` counts on.
  Index batch = 0;                                                  ///< Done of this epoch.
  Index step = 0;                                                   ///< Done in all.
  double seconds = 0;                                               ///< Spent training.
  double loss = 0;                                                  ///< Of the last step.
  double gradient_norm = std::numeric_limits<double>::quiet_NaN();  ///< Of the last update.
  EpochReport report{};  ///< Of the last epoch; `on_epoch_end` may add metrics for the callbacks after it.
};

/// Writes `recur: warning: <text>` to standard error.
void print_warning(const std::string& text);

}  // namespace recur
