// The embedded Reber grammar (Hochreiter & Schmidhuber 1997): the next symbol of strings whose second symbol comes
// again as the last but one, however much lies between. Strings differ in length: they are padded, and weights keep the
// padding out of the loss.
//
//   scripts/run reber_grammar                 embedded strings: the best possible is 7/11 ln 2 = 0.4411 nats a
//                                             prediction, 0.5041 for a net that forgets the second symbol
//   scripts/run reber_grammar --plain         the grammar itself: 6/7 ln 2 = 0.5941 nats
//
// A string counts as predicted if, at every step, each symbol that may follow has a probability above 0.25 (0.5 if it
// is the only one) and every other below 0.1. Scores to expect are in docs/examples.md; a run takes 3 seconds.

#include <recur/recur.h>
#include <recur/samples.h>

using namespace recur;
using samples::reber_symbols;

namespace {

std::vector<std::string> draw(const samples::ReberGrammar& grammar, Index count, Generator& random) {
  std::vector<std::string> strings(static_cast<std::size_t>(count));
  for (std::string& string : strings) string = grammar.string(random);
  return strings;
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

}  // namespace

int main(int argc, char** argv) {
  bool plain = false;
  Index units = 32, batch = 32, epochs = 6, steps = 100, test_strings = 10'000;
  double rate = 1e-2;
  Program program("Trains an LSTM to predict the strings of Reber's grammar.", distributed::join);
  program.flag("plain", plain, "the grammar itself, not embedded").option("units", units, "units of the LSTM");
  program.option("batch", batch, "strings a step").option("epochs", epochs, "rounds of training, a test after each");
  program.option("steps", steps, "updates of an epoch").option("test-strings", test_strings, "to test on", 100);
  program.option("lr", rate, "first learning rate of Adam; falls to zero");
  return program.run(argc, argv, [&] {
    const samples::ReberGrammar grammar(!plain);
    const auto strings = [&](Index count) {
      return [&grammar, count](Generator& random) { return samples::reber_batch(draw(grammar, count, random)); };
    };
    auto train = views::generate(steps, program.seed(), strings(batch));
    auto test = views::generate_once(test_strings / 100, program.seed() + 1'000'000, strings(100));

    constexpr Index symbols = static_cast<Index>(reber_symbols.size());
    Sequential model{Embedding(symbols, symbols, {.embeddings_initializer = random_normal(0, 1)}),
                     LSTM(units, {.return_sequences = true}), Dense(symbols)};
    model.build(symbols, program.seed());

    const auto falling = optim::cosine_decay({.initial = rate, .decay_steps = epochs * steps});
    ModelTrainer trainer(model, "sparse_categorical_crossentropy",
                         optim::adam({.learning_rate = falling, .clip = {.global_norm = 1}}), program.training(epochs));
    program.follow(trainer);
    trainer.fit(train, test);

    Generator random = program.random("strings");
    Index predicted = 0;
    for (const std::string& string : draw(grammar, 256, random))
      predicted += predicts(model, trainer.tape(), grammar, string);
    const double nats = trainer.evaluate(test).loss;
    program.report({{"test_loss", nats},
                    {"optimum", grammar.optimum()},
                    {"forgetful", grammar.forgetful()},
                    {"above_optimum", nats - grammar.optimum()},
                    {"strings_predicted", static_cast<double>(predicted)}});
  });
}
