// Times a training step of a stack of recurrent cells: forward and backward through time, with the gradients of all weights
// and of the input. Weights count as changed at every step, as an optimizer would change them.
//
//   lstm_step --cell lstm --layers 2 --hidden 128 --batch 16 --time 100 --threads 1 --json
//
// The programs in bench/peers take the same flags; bench/compare runs them in turn.
#include "common/step_options.h"

#include <recur/framework/parallel.h>
#include <recur/layers/gru_cell.h>
#include <recur/layers/lstm_cell.h>
#include <recur/layers/peephole_lstm_cell.h>
#include <recur/layers/rnn.h>
#include <recur/layers/simple_rnn_cell.h>

#include <fmt/format.h>

namespace {

using namespace recur;

AnyCell make_cell(const std::string& kind, Index units) {
  if (kind == "gru") return GRUCell(units);
  if (kind == "rnn") return SimpleRNNCell(units);
  if (kind == "peephole") return PeepholeLSTMCell(units);
  return LSTMCell(units);
}

RNN make_model(const bench::StepOptions& options) {
  std::vector<AnyCell> cells;
  for (long i = 0; i < options.layers; ++i) cells.push_back(make_cell(options.cell, options.hidden));
  return RNN(std::move(cells), {.return_sequences = true, .time_major = true});
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times a training step of a stack of recurrent cells.");
  bench::StepOptions options;
  options.add_to(app, {"lstm", "gru", "rnn", "peephole"});
  CLI11_PARSE(app, argc, argv);
  set_threads(options.threads);

  RNN rnn = make_model(options);
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
