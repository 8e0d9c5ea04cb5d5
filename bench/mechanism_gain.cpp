// What each mechanism of docs/engine.md gains: a training step as in lstm_step, with all mechanisms and with one
// switched off, by turns, so that other work on the machine slows both.
//
//   mechanism_gain --layers 2 --hidden 128 --batch 16 --time 100 --seconds 10
//
// Prints, for each mechanism, the time of a step without it over the time of a step with it, the median over pairs of
// steps. With one thread the time is the thread's own processor time. The gain of divide_batch needs --threads 2.
#include "common/cells.h"
#include "common/timing.h"

#include <recur/framework/threads/parallel.h>
#include <recur/layers/recurrent/rnn.h>

#include <fmt/format.h>

#include <ctime>
#include <utility>
#include <vector>

namespace {

using namespace recur;

constexpr std::pair<const char*, bool Mechanisms::*> mechanisms[] = {
    {"pack_weights", &Mechanisms::pack_weights},
    {"hoist_products", &Mechanisms::hoist_products},
    {"collect_weight_gradients", &Mechanisms::collect_weight_gradients},
    {"overwrite_operands", &Mechanisms::overwrite_operands},
    {"place_outputs", &Mechanisms::place_outputs},
    {"divide_batch", &Mechanisms::divide_batch}};

double seconds_now(bool of_thread) {
  timespec now{};
  clock_gettime(of_thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void run(const bench::StepOptions& options) {
  set_threads(options.threads);
  RNN rnn(bench::make_cells(options), {.return_sequences = true, .time_major = true});
  Generator generator(1);
  Builder builder(options.features(), DType::float32, generator);
  rnn.build(builder);
  const auto weights = parameters(rnn);
  Tensor<float> x({options.time, options.batch, options.features()});
  for (float& value : x.values()) value = static_cast<float>(generator.uniform(-1, 1));
  Array seed(Shape{options.time, options.batch, options.hidden}, DType::float32);
  seed.fill(0.01);
  const auto milliseconds_of_step = [&](Tape& tape) {
    for (const NamedParameter& weight : weights) {
      static_cast<void>(weight.parameter->edit());  // as an optimizer would
      weight.parameter->zero_gradient();
    }
    const double start = seconds_now(options.threads == 1);
    tape.backward(rnn(tape.want_gradient(tape.borrow(x))), seed);
    const double end = seconds_now(options.threads == 1);
    tape.reset();
    return 1e3 * (end - start);
  };

  for (const auto& [name, member] : mechanisms) {
    if (member == &Mechanisms::divide_batch && options.threads == 1) continue;
    Tape with;
    Tape without;
    without.mechanisms().*member = false;
    for (Tape* tape : {&with, &without}) (void)milliseconds_of_step(*tape);  // fetches memory
    std::vector<double> times;
    std::vector<double> ratios;
    const auto start = bench::Clock::now();
    while (ratios.size() < 5 || bench::seconds_since(start) < options.seconds) {
      times.push_back(milliseconds_of_step(with));
      ratios.push_back(milliseconds_of_step(without) / times.back());
    }
    fmt::print("{:<26} {:.3f}  ({:.4g} ms with it, {} pairs)\n", name, bench::median(ratios), bench::median(times),
               ratios.size());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Measures what each mechanism of the engine gains in a training step.");
  bench::StepOptions options;
  options.add_to(app, {"lstm", "gru", "rnn", "peephole"});
  CLI11_PARSE(app, argc, argv);
  run(options);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "mechanism_gain: {}\n", error.what());
  return 2;
}
