// From one sequence to another of another length: numbers in words become digits, "forty thousand two hundred and
// thirteen" → 40213. A bidirectional LSTM reads the letters, an LSTM with attention to all of them (Bahdanau et al.
// 2015) writes the digits.
//
//   scripts/run seq2seq                      numbers of one to six digits; those tested never occur in training
//
// Expect every one of 1000 numbers right in every digit (test_accuracy 1, seed 1), after about 10 s.

#include <recur/recur.h>
#include <recur/samples.h>
using namespace recur;

struct Translator {
  Sequential reader, writer;
  void visit(ParameterVisitor& visitor) {
    visitor.in("reader", reader);
    visitor.in("writer", writer);
  }
  std::array<Var, 2> read(Tape& tape, const PairBatch& pairs) {
    const Var letters = reader(tape, pairs.source, {pairs.batch, pairs.source_time}, pairs.lengths);
    return {letters, tape.constant(pairs.mask)};
  }
  // Scores of each digit and, at its end, the states.
  LayerValue write(Tape& tape, const std::vector<std::int32_t>& before, const std::array<Var, 2>& memory,
                   std::span<const Var> states) {
    LayerValue input;
    input.tape = &tape;
    input.ids = before;
    input.ids_shape = {memory[0].shape()[0], std::ssize(before) / memory[0].shape()[0]};
    input.constants = memory;
    input.initial_state = states;
    return writer.call(input);
  }
  /// Teacher forcing: each character is predicted from the true ones before it.
  Var loss(Tape& tape, const PairBatch& pairs) {
    const LayerValue output = write(tape, pairs.before, read(tape, pairs), {});
    return sparse_softmax_cross_entropy(output.value, pairs.targets, {.weights = pairs.weights});
  }
  /// Character after character, each read back: `[steps][batch]`.
  std::vector<std::vector<std::int32_t>> translate(Tape& tape, const PairBatch& pairs) {
    const NoGradient inference(tape);
    const auto memory = read(tape, pairs);
    std::vector<std::int32_t> last(static_cast<std::size_t>(pairs.batch), PairCoder::edge);
    std::vector<std::vector<std::int32_t>> answer;
    LayerValue step;
    for (Index t = 0; t < pairs.target_time; ++t) {
      step = write(tape, last, memory, step.states);
      answer.push_back(last = most_likely(step.value));
    }
    tape.reset();
    return answer;
  }
};

int main(int argc, char** argv) {
  Index units = 64, epochs = 2, steps = 250, tests = 1000;
  Program program("Trains an LSTM with attention to read numbers in words.", distributed::join);
  program.option("units", units, "units of each LSTM").option("tests", tests, "numbers to test on");
  program.option("epochs", epochs, "rounds of training").option("steps", steps, "updates of an epoch");
  return program.run(argc, argv, [&] {
    const PairCoder coder("abcdefghijklmnopqrstuvwxyz -", "0123456789");
    const auto draw = [&](Generator& random) {
      return coder.encode(samples::number_pairs(64, samples::Part::train, random));
    };
    Generator random = program.random("test");
    const auto pairs = samples::number_pairs(tests, samples::Part::test, random);
    const EmbeddingOptions loud{.embeddings_initializer = random_normal(0, 1)};
    Bidirectional both_ways([=] { return LSTMCell(units); }, {.return_sequences = true});
    RNN attentive(AttentionCell(LSTMCell(units), 2 * units, {.units = units}),
                  {.return_sequences = true, .return_state = true});
    Translator model{
        Sequential{Embedding(coder.source_symbols(), 16, loud), std::move(both_ways)},
        Sequential{Embedding(coder.target_symbols(), 16, loud), std::move(attentive), Dense(coder.target_symbols())}};
    model.reader.build(16, program.seed());
    model.writer.build(16, program.seed() + 1);
    const auto falling = optim::cosine_decay({.initial = 5e-3, .decay_steps = epochs * steps});
    Trainer trainer(parameters(model), optim::adam({.learning_rate = falling, .clip = {.global_norm = 1}}),
                    program.training(epochs));
    program.follow(trainer);
    Tape tape;
    trainer.fit(tape, views::generate(steps, program.seed(), draw),
                [&](Tape& t, const PairBatch& some) { return model.loss(t, some); });
    const PairBatch test = coder.encode(pairs);
    const auto answers = coder.decode(model.translate(tape, test));
    double right = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) right += answers[i] == pairs[i].target;
    program.report({{"test_accuracy", right / static_cast<double>(tests)}});
    program.show("Read and written", pairs[0].source + " → " + answers[0]);
  });
}
