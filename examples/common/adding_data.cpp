#include "adding_data.h"

#include <recur/train/samples/adding.h>

namespace recur::examples {

void add_adding_options(CommandLine& app, AddingOptions& options) {
  app.add_option(
      "--data", options.data,
      "npz file of train_inputs [n, time, features], train_targets [n, k], test_inputs, test_targets; without "
      "it sums are generated");
  app.add_option("--time", options.time, "steps of a generated sequence")
      .check(between(2, 1'000'000))
      .capture_default_str();
  add_positive(app, "--batch", options.batch, "sequences a step");
  add_positive(app, "--test-sequences", options.test_sequences, "to generate");
}

StepData adding_data(const AddingOptions& options, std::uint64_t seed) {
  if (!options.data.empty()) return step_data(load_sequences(options.data), options.batch);
  Generator random = Generator(seed).fork("test");
  Batch tests = samples::adding_problem(options.test_sequences, options.time, random);
  return {[=](Generator& generator) { return samples::adding_problem(options.batch, options.time, generator); },
          {std::move(tests.inputs), std::move(tests.targets)}};
}

}  // namespace recur::examples
