#pragma once

#include "step_training.h"

namespace recur::examples {

/// Sums of marked numbers, generated (samples::adding_problem), or any numbers to be told from sequences.
struct AddingOptions {
  std::string data;  ///< File for `load_sequences`; empty: generated.
  Index time = 100;
  Index batch = 50;
  Index test_sequences = 10'000;
};
/// Adds `--data`, `--time`, `--batch` and `--test-sequences`.
void add_adding_options(CommandLine& app, AddingOptions& options);

[[nodiscard]] StepData adding_data(const AddingOptions& options, std::uint64_t seed);

}  // namespace recur::examples
