#pragma once

#include "command_line.h"

#include <recur/train/trainer.h>

namespace recur::examples {

/// Training on batches that are drawn afresh at every step, with a test every so many.
struct StepOptions {
  Index steps = 2000;
  Index report_every = 100;
  double learning_rate = 1e-3;
  double clip = 1;            ///< Largest global norm of the gradients.
  bool falling_rate = false;  ///< The learning rate falls to zero along a cosine.

  /// Steps of one of the trainer's epochs.
  [[nodiscard]] Index epoch() const { return std::min(steps, report_every); }
};
/// Adds `--steps`, `--report-every`, `--lr` and `--clip`.
void add_step_options(CLI::App& app, StepOptions& options);

/// A trainer with Adam that prints a line for each test. Call `fit` with `options.epoch()` batches.
[[nodiscard]] Trainer step_trainer(std::vector<NamedParameter> learned, const StepOptions& options, bool json);

}  // namespace recur::examples
