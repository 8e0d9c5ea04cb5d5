// Times one step of inference on a stream, batch 1: a stack of cells reads one vector and gives one, its states carried over.
// Nothing is recorded, and once warm nothing is allocated.
//
//   stream_step --layers 2 --hidden 128 --threads 1 --json
#include "common/step_options.h"

#include <recur/framework/parallel.h>
#include <recur/layers/gru_cell.h>
#include <recur/layers/lstm_cell.h>
#include <recur/layers/simple_rnn_cell.h>
#include <recur/layers/stacked_rnn_cells.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace {

using namespace recur;

StackedRNNCells make_stack(const bench::StepOptions& options) {
  std::vector<AnyCell> cells;
  for (long i = 0; i < options.layers; ++i) {
    if (options.cell == "gru") cells.push_back(GRUCell(options.hidden));
    else if (options.cell == "rnn") cells.push_back(SimpleRNNCell(options.hidden));
    else cells.push_back(LSTMCell(options.hidden));
  }
  return StackedRNNCells(std::move(cells));
}

void run(const bench::StepOptions& options) {
  set_threads(options.threads);
  StackedRNNCells stack = make_stack(options);
  Builder builder(options.features(), DType::float32, Generator(1));
  stack.build(builder);
  Tensor<float> x({1, options.features()});
  std::fill(x.values().begin(), x.values().end(), 0.1F);

  Tape tape;
  const NoGradient inference(tape);
  const auto count = static_cast<std::size_t>(stack.state_count());
  std::vector<Array> carried(count);
  {
    std::vector<Var> first(count);
    stack.initial_states(tape, 1, first);
    for (std::size_t i = 0; i < count; ++i) first[i].copy_to(carried[i]);
    tape.reset();
  }
  std::vector<Var> states(count);
  std::vector<Var> next(count);
  Array output;
  const auto step = [&] {
    for (std::size_t i = 0; i < count; ++i) states[i] = tape.constant(carried[i]);
    stack.call(tape.constant(x), states, next, {}).copy_to(output);
    for (std::size_t i = 0; i < count; ++i) next[i].copy_to(carried[i]);
    tape.reset();
  };

  // A single step is shorter than the clock is exact.
  constexpr int together = 100;
  std::vector<double> times;
  const auto start = std::chrono::steady_clock::now();
  while (times.size() < 10 ||
         std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < options.seconds) {
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < together; ++i) step();
    times.push_back(1e6 / together * std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count());
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  if (options.json) {
    const nlohmann::ordered_json line{
        {"program", "recur"},         {"cell", options.cell}, {"layers", options.layers}, {"hidden", options.hidden},
        {"threads", options.threads}, {"us_median", median},  {"us_min", times.front()}};
    fmt::print("{}\n", line.dump());
  } else {
    fmt::print("{:.2f} us a step (min {:.2f})\n", median, times.front());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times a step of inference on a stream.");
  bench::StepOptions options;
  options.seconds = 1;
  options.add_to(app, {"lstm", "gru", "rnn"});
  CLI11_PARSE(app, argc, argv);
  run(options);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "stream_step: {}\n", error.what());
  return 2;
}
