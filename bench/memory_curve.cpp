// Memory of a tape against the length of the sequence: everything kept, states stored with one computation more (square
// root of T), and with room for log2 T states. Prints a table and draws the curves.
//
//   memory_curve --hidden 256 --batch 8 --time 16384 --plot memory.svg
#include "common/cells.h"
#include "common/timing.h"

#include <recur/framework/threads/parallel.h>
#include <recur/io/line_plot.h>
#include <recur/layers/recurrent/rnn.h>

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdio>

namespace {

using namespace recur;

struct Measured {
  double megabytes;
  double milliseconds;
};

// A training step on the last output of a sequence whose input needs no gradient, as lstm_step --checkpoint.
Measured measure(const bench::StepOptions& options, const Tensor<float>& x, const Checkpointing& checkpoint) {
  RNN rnn(bench::make_cells(options), {.time_major = true, .checkpoint = checkpoint});
  Builder builder(options.features(), DType::float32, Generator(1));
  rnn.build(builder);
  Array seed({options.batch, options.hidden}, DType::float32);
  seed.fill(0.01);
  Tape tape;
  const auto step = [&] {
    tape.backward(rnn(tape.borrow(x)), seed);
    tape.reset();
  };
  step();
  return {static_cast<double>(tape.memory()) / 1048576.0, 1e3 * bench::seconds_of(step)};
}

void run(bench::StepOptions options, const std::string& plot_file) {
  set_threads(options.threads);
  const long longest = options.time;
  constexpr std::array<const char*, 3> names = {"full", "square root of T", "log T"};
  std::array<std::vector<double>, 3> lengths;
  std::array<std::vector<double>, 3> memory;
  fmt::print("| T | full MB (ms) | √T MB (ms) | log T MB (ms) |\n| ---: | ---: | ---: | ---: |\n");
  for (options.time = 256; options.time <= longest; options.time *= 4) {
    Tensor<float> x({options.time, options.batch, options.features()});
    Generator(2).fill_uniform(x.values());
    const auto log_time = static_cast<Index>(std::bit_width(static_cast<unsigned long>(options.time)));
    const std::array<Checkpointing, 3> kinds = {Checkpointing(), Checkpointing::automatic(),
                                                Checkpointing::slots(log_time, Checkpointing::Strategy::states, 16)};
    fmt::print("| {} |", options.time);
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const Measured found = measure(options, x, kinds[i]);
      fmt::print(" {:.1f} ({:.0f}) |", found.megabytes, found.milliseconds);
      lengths[i].push_back(std::log2(static_cast<double>(options.time)));
      memory[i].push_back(std::log2(found.megabytes));
    }
    fmt::print("\n");
    std::fflush(stdout);
  }
  if (plot_file.empty()) return;
  LinePlot plot(fmt::format("Memory of a training step, {} units, batch {}", options.hidden, options.batch),
                "log2 of the steps", "log2 of megabytes");
  for (std::size_t i = 0; i < names.size(); ++i) plot.add(names[i], lengths[i], memory[i]);
  plot.save(plot_file);
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Memory against the length of a sequence.");
  bench::StepOptions options;
  options.layers = 1;
  options.hidden = 256;
  options.batch = 8;
  options.time = 16384;
  std::string plot_file;
  options.add_to(app, {"lstm", "gru", "rnn", "peephole"});
  app.add_option("--plot", plot_file, "SVG file for the curves");
  CLI11_PARSE(app, argc, argv);
  run(options, plot_file);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "memory_curve: {}\n", error.what());
  return 2;
}
