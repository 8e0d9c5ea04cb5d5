// What it costs a Trainer to measure the norm of all gradients at every step: a character model, trained with and
// without, by turns.
//
//   gradient_norm --layers 2 --hidden 128 --batch 50 --time 50 --seconds 30 --json
//
// Medians over runs of ten steps. The share is largest where a step is small and the model large: --hidden 512 --batch
// 8 --time 16.
#include "common/cells.h"
#include "common/timing.h"

#include <recur/framework/ops/cross_entropy.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/sequential.h>
#include <recur/optim/optimizers.h>
#include <recur/train/loop/trainer.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace {

using namespace recur;

constexpr Index symbols = 65;
constexpr Index steps = 10;

void run(const bench::StepOptions& options) {
  set_threads(options.threads);
  Sequential model{Embedding(symbols, options.hidden), RNN(bench::make_cells(options), {.return_sequences = true}),
                   Dense(symbols)};
  Builder builder(1, DType::float32, Generator(1));
  model.build(builder);
  const auto learned = parameters(model);
  Index count = 0;
  for (const NamedParameter& p : learned) count += p.parameter->size();
  Generator generator(2);
  std::vector<std::int32_t> ids(static_cast<std::size_t>(options.batch * options.time));
  for (auto& id : ids) id = static_cast<std::int32_t>(generator.below(symbols));

  Tape tape;
  const auto ms_of_step = [&](bool gradient_norm) {
    Trainer trainer(parameters(model), optim::adam(), {.epochs = 1, .progress = false, .gradient_norm = gradient_norm});
    const auto loss = [&](Tape& t, Index) {
      return sparse_softmax_cross_entropy(model(t, ids, {options.batch, options.time}), ids);
    };
    return 1e3 * trainer.fit(tape, steps, loss)[0].seconds / steps;
  };
  std::vector<double> with;
  std::vector<double> without;
  (void)ms_of_step(true);  // fetches memory
  const auto start = bench::Clock::now();
  while (with.size() < 3 || bench::seconds_since(start) < options.seconds) {
    with.push_back(ms_of_step(true));
    without.push_back(ms_of_step(false));
  }
  const double ms = bench::median(with);
  const double plain = bench::median(without);
  const double share = 100 * (ms / plain - 1);
  if (options.json)
    fmt::print("{}\n",
               nlohmann::ordered_json{{"parameters", count}, {"ms_with", ms}, {"ms_without", plain}, {"percent", share}}
                   .dump());
  else fmt::print("{} parameters: {:.4g} ms with, {:.4g} ms without: {:+.2f} %\n", count, ms, plain, share);
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times training steps with and without the norm of the gradients.");
  bench::StepOptions options;
  options.layers = 2;
  options.hidden = 128;
  options.batch = 50;
  options.time = 50;
  options.add_to(app, {"lstm"});
  CLI11_PARSE(app, argc, argv);
  run(options);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "gradient_norm: {}\n", error.what());
  return 2;
}
