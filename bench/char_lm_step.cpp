// Times a whole training step of a character model: Embedding, a stack of LSTM cells, Dense, cross-entropy, backward,
// clipping by the global norm and Adam; beside it, in turn, the same stack alone, so that what the rest costs can be
// seen.
//
//   char_lm_step --layers 2 --hidden 256 --batch 32 --time 64 --symbols 65 --threads 1 --json
//
// `lstm_rate_percent` is the rate of arithmetic of the whole step as a share of that of the stack alone.
#include "common/cells.h"
#include "common/timing.h"

#include <recur/framework/ops/cross_entropy.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/optim/optimizers.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace {

using namespace recur;

struct Model {
  Model(const bench::StepOptions& options, Index symbols)
      : embedding(symbols, options.hidden),
        rnn(bench::make_cells(options), {.return_sequences = true, .time_major = true}),
        dense(symbols) {
    Builder builder(symbols, DType::float32, Generator(1));
    embedding.build(builder);
    Builder inner = builder.part(options.hidden);
    rnn.build(inner);
    Builder last = builder.part(options.hidden);
    dense.build(last);
  }
  void visit(ParameterVisitor& visitor) {
    visitor.in("embedding", embedding);
    visitor.in("rnn", rnn);
    visitor.in("dense", dense);
  }

  Embedding embedding;
  RNN rnn;
  Dense dense;
};

void run(const bench::StepOptions& options, Index symbols) {
  set_threads(options.threads);
  Model model(options, symbols);
  const auto learned = parameters(model);
  auto optimizer = optim::adam({.learning_rate = 1e-3, .clip = {.global_norm = 1}});
  Generator generator(1);
  const auto draw = [&] {
    std::vector<std::int32_t> ids(static_cast<std::size_t>(options.time * options.batch));
    for (auto& id : ids) id = static_cast<std::int32_t>(generator.uniform(0, static_cast<double>(symbols)));
    return ids;
  };
  const auto ids = draw();
  const auto targets = draw();
  Tape tape;
  const auto whole = [&] {
    const Var x = model.embedding(tape, ids, {options.time, options.batch});
    tape.backward(sparse_softmax_cross_entropy(model.dense(model.rnn(x)), targets));
    optimizer.step(learned);
    tape.reset();
  };

  RNN stack(bench::make_cells(options), {.return_sequences = true, .time_major = true});
  Builder builder(options.hidden, DType::float32, generator);
  stack.build(builder);
  const auto weights = parameters(stack);
  Tensor<float> input({options.time, options.batch, options.hidden});
  Array seed(input.shape(), DType::float32);
  seed.fill(0.01);
  Tape stack_tape;
  const auto alone = [&] {
    for (const NamedParameter& weight : weights) static_cast<void>(weight.parameter->edit());
    stack_tape.backward(stack(stack_tape.input(input)), seed);
    stack_tape.reset();
  };

  std::vector<double> whole_times;
  std::vector<double> alone_times;
  for (int warm_up = 0; warm_up < 2; ++warm_up) {
    whole();
    alone();
  }
  const auto start = bench::Clock::now();
  while (whole_times.size() < 3 || bench::seconds_since(start) < options.seconds) {
    whole_times.push_back(1e3 * bench::seconds_of(whole));
    alone_times.push_back(1e3 * bench::seconds_of(alone));
  }
  const auto tokens = static_cast<double>(options.time * options.batch);
  const double flops = options.flops() + 6 * tokens * static_cast<double>(options.hidden * symbols);
  const double ms = bench::median(whole_times);
  const double alone_ms = bench::median(alone_times);
  const double share = 100 * (flops / ms) / (options.flops() / alone_ms);
  if (options.json) {
    const nlohmann::ordered_json line{{"program", "recur"},          {"layers", options.layers},
                                      {"hidden", options.hidden},    {"batch", options.batch},
                                      {"time", options.time},        {"symbols", symbols},
                                      {"threads", options.threads},  {"ms_median", ms},
                                      {"gflops", flops / ms * 1e-6}, {"characters_per_second", 1e3 * tokens / ms},
                                      {"stack_ms_median", alone_ms}, {"lstm_rate_percent", share}};
    fmt::print("{}\n", line.dump());
  } else {
    fmt::print("{:.4g} ms, {:.0f} characters a second, {:.1f} GFLOP/s: {:.0f} % of the stack's own rate ({:.4g} ms)\n",
               ms, 1e3 * tokens / ms, flops / ms * 1e-6, share, alone_ms);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times a whole training step of a character model.");
  bench::StepOptions options;
  options.hidden = 256;
  options.batch = 32;
  options.time = 64;
  options.add_to(app, {"lstm"});
  recur::Index symbols = 65;
  app.add_option("--symbols", symbols, "Size of the vocabulary")->check(CLI::PositiveNumber)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  run(options, symbols);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "char_lm_step: {}\n", error.what());
  return 2;
}
