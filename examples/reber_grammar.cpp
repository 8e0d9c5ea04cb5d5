// The embedded Reber grammar (Hochreiter & Schmidhuber 1997): the next symbol of strings whose second symbol comes again as the last but
// one, however much lies between. Strings differ in length: they are padded, and weights keep the padding out of the loss.
//
//   scripts/run reber_grammar                 embedded strings: the best possible is 7/11 ln 2 = 0.4411 nats a prediction, 0.5041
//                                             for a net that forgets the second symbol
//   scripts/run reber_grammar --plain         the grammar itself: 6/7 ln 2 = 0.5941 nats
//   scripts/run reber_grammar --data FILE     learns from the strings of a file, one a line, rather than from fresh ones
//
// A string counts as predicted if, at every step, each symbol that may follow has a probability above 0.25 (0.5 if it is the only
// one) and every other below 0.1.
//
// Expect (seed 1) 0.4461 nats and 256 of 256 strings predicted, after about 3 s.

#include "common/step_training.h"

#include <recur/framework/ops/softmax.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/losses.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/sequential.h>
#include <recur/train/data/text.h>
#include <recur/train/samples/reber.h>

#include <sstream>

using namespace recur;
using namespace recur::examples;
using samples::reber_symbols;

namespace {

constexpr std::size_t judged_strings = 256;

struct Settings {
  std::string data;
  bool plain = false;
  Index units = 32;
  std::size_t batch = 32;
  std::size_t test_strings = 10'000;
  StepOptions training{.steps = 600, .report_every = 100, .learning_rate = 1e-2, .falling_rate = true};
  RunOptions run;
};

constexpr Index symbols = static_cast<Index>(reber_symbols.size());

Sequential make_model(const Settings& s) {
  Sequential model{Embedding(symbols, symbols, {.embeddings_initializer = random_normal(0, 1)}),
                   RNN(LSTMCell(s.units), {.return_sequences = true}), Dense(symbols)};
  Builder builder(symbols, DType::float32, Generator(s.run.seed));
  model.build(builder);
  return model;
}

std::vector<std::string> draw(const samples::ReberGrammar& grammar, std::size_t count, Generator& generator) {
  std::vector<std::string> strings(count);
  for (std::string& string : strings) string = grammar.string(generator);
  return strings;
}

// Whole lines that are strings of the grammar.
std::vector<std::string> read_strings(const samples::ReberGrammar& grammar, const std::string& path) {
  std::vector<std::string> strings;
  std::istringstream text(read_text_file(path));
  for (std::string line; std::getline(text, line);) {
    (void)grammar.continuations(line);  // refuses other strings
    strings.push_back(line);
  }
  return strings;
}

Var loss(Sequential& model, Tape& tape, std::span<const std::string> strings) {
  const samples::IdSequences data = samples::reber_batch(strings);
  return sparse_softmax_cross_entropy(model(tape, data.inputs, {data.batch, data.time}), data.targets,
                                      {.weights = data.weights});
}

// Whether the model finds exactly the legal symbols likely after each symbol of a string.
bool predicts(Sequential& model, Tape& tape, const samples::ReberGrammar& grammar, const std::string& string) {
  const NoGradient inference(tape);
  const samples::IdSequences data = samples::reber_batch({&string, 1});
  const auto likely = softmax(model(tape, data.inputs, {1, data.time})).to_doubles();
  tape.reset();
  const auto legal = grammar.continuations(string);
  for (std::size_t t = 0; t < legal.size(); ++t)
    for (std::size_t i = 0; i < reber_symbols.size(); ++i) {
      const double p = likely[t * reber_symbols.size() + i];
      const bool may_follow = legal[t].find(reber_symbols[i]) != std::string::npos;
      if (may_follow ? p <= 0.5 / static_cast<double>(legal[t].size()) : p >= 0.1) return false;
    }
  return true;
}

void learn_grammar(const Settings& s) {
  set_threads(s.run.threads);
  const samples::ReberGrammar grammar(!s.plain);
  Generator random = Generator(s.run.seed).fork("train");
  Generator test_random = Generator(s.run.seed).fork("test");
  const auto tests = draw(grammar, s.test_strings, test_random);
  const auto known = s.data.empty() ? std::vector<std::string>() : read_strings(grammar, s.data);
  const auto next = [&] {
    if (known.empty()) return draw(grammar, s.batch, random);
    std::vector<std::string> strings;
    while (strings.size() < s.batch)
      strings.push_back(known[static_cast<std::size_t>(random.below(std::ssize(known)))]);
    return strings;
  };

  Sequential model = make_model(s);
  Tape tape;
  Trainer trainer = step_trainer(parameters(model), s.training);
  RunOutput output(trainer, s.run);
  const auto reports = trainer.fit(
      tape, s.training.epoch(), [&](Tape& t, Index) { return loss(model, t, next()); },
      [&] { return trainer.evaluate(tape, 1, [&](Tape& t, Index) { return loss(model, t, tests); }); });

  std::size_t predicted = 0;
  for (const std::string& string : draw(grammar, judged_strings, test_random))
    predicted += predicts(model, tape, grammar, string);
  const double nats = reports.back().valid_loss;
  output.result({{"test_loss", nats},
                 {"optimum", grammar.optimum()},
                 {"forgetful", grammar.forgetful()},
                 {"above_optimum", nats - grammar.optimum()},
                 {"strings_predicted", static_cast<double>(predicted)}});
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine app("Trains an LSTM to predict the strings of Reber's grammar.", "reber_grammar");
  Settings s;
  app.add_option("--data", s.data, "file of strings to learn from, one a line; without it they are drawn afresh");
  app.add_flag("--plain", s.plain, "the grammar itself, not embedded");
  add_positive(app, "--units", s.units, "units of the LSTM");
  add_positive(app, "--batch", s.batch, "strings a step");
  add_positive(app, "--test-strings", s.test_strings, "to test on");
  add_step_options(app, s.training, s.run);
  add_run_options(app, s.run);
  return run(app, argc, argv, [&] { learn_grammar(s); });
}
