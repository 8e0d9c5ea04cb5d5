#include "step_training.h"

#include <recur/optim/optimizers.h>
#include <recur/optim/schedules.h>

#include <algorithm>
#include <memory>

namespace recur::examples {
void add_step_options(CommandLine& app, StepOptions& options, RunOptions& run) {
  add_positive(app, "--steps", options.steps, "training steps");
  add_positive(app, "--report-every", options.report_every, "steps between tests");
  add_positive(app, "--lr", options.learning_rate, "learning rate of Adam");
  add_positive(app, "--clip", options.clip, "largest global norm of the gradients");
  add_run_folder(app, run);
}

Trainer step_trainer(std::vector<NamedParameter> learned, const StepOptions& options) {
  const auto rate = options.falling_rate
                        ? optim::cosine_decay({.initial = options.learning_rate, .decay_steps = options.steps})
                        : optim::Schedule(options.learning_rate);
  return {std::move(learned),
          optim::adam({.learning_rate = rate, .clip = {.global_norm = options.clip}}),
          {.epochs = std::max<Index>(1, options.steps / options.report_every)}};
}

StepData step_data(SequenceFile file, Index batch) {
  const auto train = std::make_shared<const TensorDataset>(std::move(file.train.inputs), std::move(file.train.targets));
  return {[=](Generator& generator) {
            std::vector<Index> which(static_cast<std::size_t>(batch));
            for (Index& number : which) number = generator.below(train->size());
            return train->gather(which);
          },
          {std::move(file.test.inputs), std::move(file.test.targets)}};
}

}  // namespace recur::examples
