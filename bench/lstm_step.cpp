// Times a training step of a stack of recurrent cells: forward and backward through time, with the gradients of all weights
// and of the input. Weights count as changed at every step, as an optimizer would change them.
//
//   lstm_step --cell lstm --layers 2 --hidden 128 --batch 16 --time 100 --threads 1 --json
//
// The programs in bench/peers take the same flags; bench/compare runs them in turn.
#include "common/cells.h"

#include <recur/framework/parallel.h>
#include <recur/layers/rnn.h>

#include <fmt/format.h>

using namespace recur;

int main(int argc, char** argv) try {
  CLI::App app("Times a training step of a stack of recurrent cells.");
  bench::StepOptions options;
  options.add_to(app, {"lstm", "gru", "rnn", "peephole"});
  CLI11_PARSE(app, argc, argv);
  set_threads(options.threads);

  RNN rnn(bench::make_cells(options), {.return_sequences = true, .time_major = true});
  Generator generator(1);
  Builder builder(options.features(), DType::float32, generator);
  rnn.build(builder);
  const auto weights = parameters(rnn);

  Tensor<float> x({options.time, options.batch, options.features()});
  for (float& value : x.values()) value = static_cast<float>(generator.uniform(-1, 1));
  Array seed({options.time, options.batch, options.hidden}, DType::float32);
  seed.fill(0.01);
  Tape tape;
  bench::run_step_benchmark("recur", options, [&] {
    for (const NamedParameter& weight : weights) {
      static_cast<void>(weight.parameter->edit());
      weight.parameter->zero_gradient();
    }
    tape.backward(rnn(tape.input(x)), seed);
    tape.reset();
  });
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "lstm_step: {}\n", error.what());
  return 2;
}
