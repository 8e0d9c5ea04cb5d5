// From one sequence to another of another length: numbers in words become digits, "forty thousand two hundred and thirteen" → 40213.
// A bidirectional LSTM reads the letters, an LSTM with attention to all of them (Bahdanau et al. 2015) writes the digits.
//
//   scripts/run seq2seq                      numbers of one to six digits; those tested never occur in training
//   scripts/run seq2seq --score dot          attention by inner products (Luong et al. 2015)
//   scripts/run seq2seq --data FILE          learns other pairs: what is read, a tab, what is to be written, on each line; the last
//                                            tenth is held out
//
// Expect every one of 1000 numbers right in every digit (test_accuracy 1, seed 1), after about 10 s.

#include "common/most_likely.h"
#include "common/step_training.h"
#include "common/text_pairs.h"

#include <recur/framework/threads/parallel.h>
#include <recur/layers/cells/attention_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/losses.h>
#include <recur/layers/recurrent/bidirectional.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/train/samples/number_words.h>

#include <fmt/format.h>

using namespace recur;
using namespace recur::examples;

namespace {

struct Settings {
  std::string data;
  Index units = 64;
  Index batch = 64;
  Index test_numbers = 1000;
  std::string score = "additive";
  StepOptions training{.steps = 500, .report_every = 250, .learning_rate = 5e-3, .falling_rate = true};
  RunOptions run;
};

// One number in ten is kept for tests, whichever way it is drawn.
bool is_for_tests(Index number) { return Generator(static_cast<std::uint64_t>(number)).below(10) == 0; }

std::vector<TextPair> draw_numbers(Index count, bool for_tests, Generator& generator) {
  std::vector<TextPair> pairs;
  while (static_cast<Index>(pairs.size()) < count) {
    Index bound = 1;
    for (Index d = generator.below(6); d >= 0; --d) bound *= 10;
    const Index number = generator.below(bound);
    if (is_for_tests(number) == for_tests) pairs.push_back({samples::number_words(number), fmt::format("{}", number)});
  }
  return pairs;
}

class Translator {
 public:
  Translator(const Settings& s, const PairCoder& coder)
      : letters_(coder.source_symbols(), 16, {.embeddings_initializer = random_normal(0, 1)}),
        encoder_([&] { return LSTMCell(s.units); }, {.return_sequences = true}),
        written_(coder.target_symbols(), 16, {.embeddings_initializer = random_normal(0, 1)}),
        decoder_(AnyCell(AttentionCell(LSTMCell(s.units), 2 * s.units, {.units = s.units, .score = s.score})),
                 {.return_sequences = true, .return_state = true}),
        output_(coder.target_symbols()) {
    Builder builder(16, DType::float32, Generator(s.run.seed));
    letters_.build(builder);
    encoder_.build(builder);
    Builder second = builder.part(16);
    written_.build(second);
    decoder_.build(second);
    Builder last = builder.part(s.units);
    output_.build(last);
  }
  void visit(ParameterVisitor& visitor) {
    visitor.in("letters", letters_);
    visitor.in("encoder", encoder_);
    visitor.in("written", written_);
    visitor.in("decoder", decoder_);
    visitor.in("output", output_);
  }

  /// Teacher forcing: each character is predicted from the true ones before it.
  [[nodiscard]] Var loss(Tape& tape, const PairBatch& pairs) {
    const std::array<Var, 2> memory{read(tape, pairs), tape.constant(pairs.mask)};
    const Var before = written_(tape, pairs.before, {pairs.batch, pairs.target_time});
    return sparse_softmax_cross_entropy(output_(decoder_(before, {.constants = memory})), pairs.targets,
                                        {.weights = pairs.weights});
  }

  /// Character after character, each read back: `[steps][batch]`.
  [[nodiscard]] std::vector<std::vector<std::int32_t>> translate(Tape& tape, const PairBatch& pairs, Index steps) {
    const NoGradient inference(tape);
    const std::array<Var, 2> memory{read(tape, pairs), tape.constant(pairs.mask)};
    std::vector<std::int32_t> last(static_cast<std::size_t>(pairs.batch), PairCoder::edge);
    std::span<const Var> states;
    std::vector<std::vector<std::int32_t>> answer;
    for (Index t = 0; t < steps; ++t) {
      const RNNResult step =
          decoder_.call(written_(tape, last, {pairs.batch, 1}), {.initial_state = states, .constants = memory});
      last = most_likely(output_(step.output));
      states = step.states;
      answer.push_back(last);
    }
    tape.reset();
    return answer;
  }

 private:
  Var read(Tape& tape, const PairBatch& pairs) {
    return encoder_(letters_(tape, pairs.source, {pairs.batch, pairs.source_time}), {.lengths = pairs.lengths});
  }

  Embedding letters_;
  Bidirectional encoder_;
  Embedding written_;
  RNN decoder_;
  Dense output_;
};

void learn_pairs(const Settings& s) {
  set_threads(s.run.threads);
  Generator random = Generator(s.run.seed).fork("train");
  Generator test_random = Generator(s.run.seed).fork("test");
  const PairFile file =
      s.data.empty() ? PairFile{{}, draw_numbers(s.test_numbers, true, test_random)} : read_pairs(s.data);
  const PairCoder coder =
      s.data.empty() ? PairCoder("abcdefghijklmnopqrstuvwxyz -", "0123456789") : PairCoder(file.train, file.test);
  const auto next = [&] {
    return coder.encode(s.data.empty() ? draw_numbers(s.batch, false, random) : some_of(file.train, s.batch, random));
  };
  const PairBatch tests = coder.encode(file.test);

  Translator translator(s, coder);
  Tape tape;
  Trainer trainer = step_trainer(parameters(translator), s.training);
  RunOutput output(trainer, s.run);
  const auto reports = trainer.fit(
      tape, s.training.epoch(), [&](Tape& t, Index) { return translator.loss(t, next()); },
      [&] { return trainer.evaluate(tape, 1, [&](Tape& t, Index) { return translator.loss(t, tests); }); });

  const auto answers = coder.decode(translator.translate(tape, tests, tests.target_time));
  double right = 0;
  std::string shown;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    right += answers[i] == file.test[i].target;
    if (i < 5) shown += fmt::format("{} → {}\n", file.test[i].source, answers[i]);
  }
  output.result({{"test_loss", reports.back().valid_loss},
                 {"test_accuracy", right / static_cast<double>(answers.size())},
                 {"pairs", static_cast<double>(answers.size())}});
  output.sample("Read and written", shown);
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine app("Trains an LSTM with attention to read numbers in words.", "seq2seq");
  Settings s;
  app.add_option("--data", s.data, "file of pairs, a tab between them; without it numbers are drawn");
  add_positive(app, "--units", s.units, "units of each LSTM");
  add_positive(app, "--batch", s.batch, "pairs a step");
  add_positive(app, "--test-numbers", s.test_numbers, "to draw");
  app.add_option("--score", s.score, "of the attention").check(one_of({"additive", "dot"})).capture_default_str();
  add_step_options(app, s.training, s.run);
  add_run_options(app, s.run);
  return run(app, argc, argv, [&] { learn_pairs(s); });
}
