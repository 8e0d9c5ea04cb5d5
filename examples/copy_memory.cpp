// Copy memory: ten symbols are to be repeated after a gap (Hochreiter & Schmidhuber 1997, in the form of Arjovsky et al. 2016). A stress
// test: an LSTM stores no list easily. Blanks alone, without memory, score 10 ln 8 / (gap + 20) nats a step and 12.5 % recall.
//
//   scripts/run copy_memory                       a gap of 50 steps; gates begin with chrono initialisation
//   scripts/run copy_memory --chrono 0            with the usual bias of the gates
//
// Expect after 6000 steps (seed 1) 0.0243 nats and 93.7 % recall; with --chrono 0 it is 0.1871 nats and 42.6 %.

#include "common/memory_span.h"
#include "common/most_likely.h"
#include "common/step_training.h"

#include <recur/framework/parallel.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/losses.h>
#include <recur/layers/rnn.h>
#include <recur/layers/sequential.h>
#include <recur/train/epoch_printer.h>
#include <recur/train/samples/copy_memory.h>

#include <fmt/format.h>

using namespace recur;
using namespace recur::examples;

namespace {

struct Settings {
  Index gap = 50;
  Index units = 128;
  Index batch = 50;
  Index test_batches = 20;
  double chrono = 75;
  StepOptions training{.steps = 6000, .report_every = 500, .learning_rate = 2e-3};
  RunOptions run;
};

Sequential make_model(const Settings& s) {
  Sequential model{
      Embedding(samples::copy_symbols, samples::copy_symbols, {.embeddings_initializer = random_normal(0, 1)}),
      RNN(lstm_remembering(s.chrono, s.units), {.return_sequences = true}), Dense(samples::copy_symbols)};
  Builder builder(samples::copy_symbols, DType::float32, Generator(s.run.seed));
  model.build(builder);
  return model;
}

Var predict(Sequential& model, Tape& tape, const samples::IdSequences& data) {
  return model(tape, data.inputs, {data.batch, data.time});
}

struct Score {
  double loss = 0;
  double recall = 0;  ///< Share of the symbols to remember that were repeated.
};

Score test(Sequential& model, Tape& tape, const std::vector<samples::IdSequences>& tests) {
  const NoGradient inference(tape);
  Score score;
  double wanted = 0;
  for (const samples::IdSequences& data : tests) {
    const Var logits = predict(model, tape, data);
    score.loss += sparse_softmax_cross_entropy(logits, data.targets).item() / static_cast<double>(tests.size());
    const auto answers = most_likely(logits);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (data.targets[i] == 0) continue;
      ++wanted;
      score.recall += answers[i] == data.targets[i];
    }
    tape.reset();
  }
  score.recall /= wanted;
  return score;
}

void learn_to_copy(const Settings& s) {
  set_threads(s.run.threads);
  Generator random = Generator(s.run.seed).fork("train");
  Generator test_random = Generator(s.run.seed).fork("test");
  std::vector<samples::IdSequences> tests;
  for (Index i = 0; i < s.test_batches; ++i) tests.push_back(samples::copy_memory(s.batch, s.gap, test_random));

  Sequential model = make_model(s);
  Tape tape;
  Score score;
  Trainer trainer = step_trainer(parameters(model), s.training, s.run.json);
  trainer.metrics = [&](const EpochReport&) {
    return std::vector<std::pair<std::string, double>>{{"recall", score.recall}};
  };
  trainer.fit(
      tape, s.training.epoch(),
      [&](Tape& t, Index) {
        const samples::IdSequences data = samples::copy_memory(s.batch, s.gap, random);
        return sparse_softmax_cross_entropy(predict(model, t, data), data.targets);
      },
      [&] {
        score = test(model, tape, tests);
        return score.loss;
      });

  const double baseline = samples::copy_memory_baseline(s.gap);
  if (s.run.json) print_json_line({{"test_loss", score.loss}, {"recall", score.recall}, {"baseline", baseline}});
  else
    fmt::print("test loss {:.4f} nats a step (without memory {:.4f}); {:.1f} % of the symbols repeated (12.5 %)\n",
               score.loss, baseline, 100 * score.recall);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains an LSTM on the copy memory problem.", "copy_memory");
  Settings s;
  add_positive(app, "--gap", s.gap, "steps between symbols and request");
  add_positive(app, "--units", s.units, "units of the LSTM");
  add_positive(app, "--batch", s.batch, "sequences a step");
  add_positive(app, "--test-batches", s.test_batches, "to test on");
  add_chrono_option(app, s.chrono);
  add_step_options(app, s.training);
  add_run_options(app, s.run);
  return run(app, argc, argv, [&] { learn_to_copy(s); });
}
