#pragma once

#include "run_output.h"
#include "sequence_file.h"

#include <recur/train/data/dataset.h>

#include <functional>

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
/// Adds `--steps`, `--report-every`, `--lr`, `--clip` and, as training is shown by `RunOutput`, `--run`.
void add_step_options(CommandLine& app, StepOptions& options, RunOptions& run);

/// A trainer with Adam. Call `fit` with `options.epoch()` batches.
[[nodiscard]] Trainer step_trainer(std::vector<NamedParameter> learned, const StepOptions& options);

/// Batches to learn from, drawn at random, and examples to judge by.
struct StepData {
  std::function<Batch(Generator&)> draw;
  TensorDataset tests;

  [[nodiscard]] Index features() const { return tests[0].inputs.shape()[-1]; }
  [[nodiscard]] Index targets() const { return tests[0].targets.shape()[-1]; }
};

/// `batch` random examples of a file at a time.
[[nodiscard]] StepData step_data(SequenceFile file, Index batch);

}  // namespace recur::examples
