#include "step_training.h"

#include <recur/optim/optimizers.h>
#include <recur/optim/schedules.h>
#include <recur/train/epoch_printer.h>

#include <algorithm>

namespace recur::examples {

void add_step_options(CLI::App& app, StepOptions& options) {
  add_positive(app, "--steps", options.steps, "training steps");
  add_positive(app, "--report-every", options.report_every, "steps between tests");
  add_positive(app, "--lr", options.learning_rate, "learning rate of Adam");
  add_positive(app, "--clip", options.clip, "largest global norm of the gradients");
}

Trainer step_trainer(std::vector<NamedParameter> learned, const StepOptions& options, bool json) {
  const auto rate = options.falling_rate
                        ? optim::cosine_decay({.initial = options.learning_rate, .decay_steps = options.steps})
                        : optim::Schedule(options.learning_rate);
  Trainer trainer(std::move(learned), optim::adam({.learning_rate = rate, .clip = {.global_norm = options.clip}}),
                  {.epochs = std::max<Index>(1, options.steps / options.report_every)});
  trainer.on_epoch_end = EpochPrinter(json);
  return trainer;
}

}  // namespace recur::examples
