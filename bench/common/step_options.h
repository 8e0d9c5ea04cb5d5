#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace recur::bench {

/// What the programs that time a training step have in common, peers included: one command line, one line of output.
struct StepOptions {
  std::string cell = "lstm";
  long layers = 2;
  long hidden = 128;
  long batch = 16;
  long time = 100;
  long input = 0;  ///< Features; 0 = as many as hidden units.
  int threads = 1;
  double seconds = 2;
  long steps = 0;  ///< Exactly so many, instead of `seconds`.
  bool json = false;
  std::string weights = "changed";  ///< Since the step before, as by an optimizer; or "kept".
  std::string checkpoint;           ///< Empty: a step as peers take it; otherwise for long sequences, see lstm_step.
  std::string memory;

  [[nodiscard]] long features() const { return input > 0 ? input : hidden; }
  [[nodiscard]] long gates() const { return cell == "rnn" ? 1 : cell == "gru" ? 3 : 4; }
  /// Of the matrix products of one step: forward, and twice as many backward. Pointwise arithmetic is not counted.
  [[nodiscard]] double flops() const;

  void add_to(CLI::App& app, const std::vector<std::string>& cells);
  /// For programs that bring weights into an order of their own.
  void add_weights_to(CLI::App& app);
};

/// Times calls of `step` until the time is up, measures what the machine can do at most, and prints the line.
void run_step_benchmark(const std::string& program, const StepOptions& options, const std::function<void()>& step);

}  // namespace recur::bench
