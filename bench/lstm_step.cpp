// Times a training step of a stack of recurrent cells: forward and backward through time, with the gradients of all
// weights and of the input. Weights count as changed at every step, as an optimizer would change them, and are packed
// again; with `--weights kept` they are not.
//
//   lstm_step --cell lstm --layers 2 --hidden 128 --batch 16 --time 100 --threads 1 --json
//
// With --checkpoint it is a step on a long sequence: the loss is the last output's, the input is read where it lies and
// gets no gradient. `none` keeps everything, `auto` stores states every so many steps (or what --memory leaves room
// for), a number says every how many.
//
//   lstm_step --layers 1 --hidden 256 --batch 8 --time 100000 --checkpoint auto --memory 900M --steps 1
//
// There --memory is for all the program needs, its input included. The programs in bench/peers take the same flags;
// bench/compare runs them in turn. --without switches a mechanism of docs/engine.md off; mechanism_gain measures what
// each of them gains.
#include "common/cells.h"

#include <recur/framework/threads/denormals.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/recurrent/rnn.h>

#include <fmt/format.h>

#include <map>
#include <vector>

namespace {

using namespace recur;

// "900M", "1.5G", "300000".
double bytes_of(const std::string& text) {
  std::size_t used = 0;
  const double number = std::stod(text, &used);
  const std::string unit = text.substr(used);
  const double factor = unit == "K"    ? 1024.0
                        : unit == "M"  ? 1048576.0
                        : unit == "G"  ? 1073741824.0
                        : unit.empty() ? 1
                                       : 0;
  require<ValueError>(number > 0 && factor > 0, "--memory: '{}' is not a number of bytes (900M, 1.5G)", text);
  return number * factor;
}

Checkpointing checkpointing_of(const bench::StepOptions& options) {
  if (options.checkpoint.empty() || options.checkpoint == "none") return {};
  if (options.checkpoint != "auto") return Checkpointing::steps(std::stol(options.checkpoint));
  if (options.memory.empty()) return Checkpointing::automatic();
  const double input = 4.0 * static_cast<double>(options.time * options.batch * options.features());
  // What the program, its weights and half an unused block of the arena take.
  constexpr double program = 32 * 1048576.0;
  const double left = bytes_of(options.memory) - input - program;
  require<ValueError>(left > 0, "--memory {}: the input alone takes {:.0f} bytes", options.memory, input);
  return Checkpointing::memory(static_cast<std::size_t>(left));
}

const std::map<std::string, bool Mechanisms::*> mechanisms = {
    {"pack_weights", &Mechanisms::pack_weights},
    {"hoist_products", &Mechanisms::hoist_products},
    {"collect_weight_gradients", &Mechanisms::collect_weight_gradients},
    {"overwrite_operands", &Mechanisms::overwrite_operands},
    {"place_outputs", &Mechanisms::place_outputs},
    {"divide_batch", &Mechanisms::divide_batch}};

void run(const bench::StepOptions& options, const std::vector<std::string>& without) {
  set_threads(options.threads);
  const bool long_sequence = !options.checkpoint.empty();
  RNN rnn(bench::make_cells(options),
          {.return_sequences = !long_sequence, .time_major = true, .checkpoint = checkpointing_of(options)});
  Generator generator(1);
  Builder builder(options.features(), DType::float32, generator);
  rnn.build(builder);
  const auto weights = parameters(rnn);

  Tensor<float> x({options.time, options.batch, options.features()});
  for (float& value : x.values()) value = static_cast<float>(generator.uniform(-1, 1));
  Array seed(long_sequence ? Shape{options.batch, options.hidden} : Shape{options.time, options.batch, options.hidden},
             DType::float32);
  seed.fill(0.01);
  Tape tape;
  for (const std::string& name : without) tape.mechanisms().*mechanisms.at(name) = false;
  bench::run_step_benchmark("recur", options, [&] {
    for (const NamedParameter& weight : weights) {
      if (options.weights == "changed") static_cast<void>(weight.parameter->edit());
      weight.parameter->zero_gradient();
    }
    tape.backward(rnn(long_sequence ? tape.borrow(x) : tape.want_gradient(tape.borrow(x))), seed);
    tape.reset();
  });
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times a training step of a stack of recurrent cells.");
  bench::StepOptions options;
  options.add_to(app, {"lstm", "gru", "rnn", "peephole"});
  options.add_weights_to(app);
  app.add_option("--checkpoint", options.checkpoint, "A long sequence: none, auto, or steps between stored states")
      ->check(CLI::IsMember({"none", "auto"}) | CLI::PositiveNumber);
  app.add_option("--memory", options.memory, "With --checkpoint auto: for the whole program (900M, 1.5G)");
  bool keep = false;
  app.add_flag("--keep-denormals", keep, "Numbers too small for full precision do not count as zeros");
  std::vector<std::string> without;
  app.add_option("--without", without, "Mechanisms to switch off")->check(CLI::IsMember(mechanisms));
  CLI11_PARSE(app, argc, argv);
  if (keep) flush_denormals(false);
  run(options, without);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "lstm_step: {}\n", error.what());
  return 2;
}
