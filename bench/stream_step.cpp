// Times one step of inference on a stream, batch 1: a stack of cells reads one vector and gives one, its states carried
// over. Nothing is recorded, and once warm nothing is allocated.
//
//   stream_step --layers 2 --hidden 128 --threads 1 --json
#include "common/cells.h"
#include "common/timing.h"

#include <recur/framework/threads/parallel.h>
#include <recur/layers/cells/stacked_rnn_cells.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace {

using namespace recur;

void run(const bench::StepOptions& options) {
  set_threads(options.threads);
  StackedRNNCells stack(bench::make_cells(options));
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
  const auto start = bench::Clock::now();
  while (times.size() < 10 || bench::seconds_since(start) < options.seconds)
    times.push_back(1e6 / together * bench::seconds_of([&] {
                      for (int i = 0; i < together; ++i) step();
                    }));
  const double median = bench::median(times);
  const double least = *std::min_element(times.begin(), times.end());
  if (options.json) {
    const nlohmann::ordered_json line{
        {"program", "recur"},         {"cell", options.cell}, {"layers", options.layers}, {"hidden", options.hidden},
        {"threads", options.threads}, {"us_median", median},  {"us_min", least}};
    fmt::print("{}\n", line.dump());
  } else {
    fmt::print("{:.2f} us a step (min {:.2f})\n", median, least);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times a step of inference on a stream.");
  bench::StepOptions options;
  options.seconds = 1;
  options.add_to(app, {"lstm", "gru", "rnn", "peephole"});
  CLI11_PARSE(app, argc, argv);
  run(options);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "stream_step: {}\n", error.what());
  return 2;
}
