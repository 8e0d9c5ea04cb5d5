// From one sequence to another of another length: numbers in words become digits, "forty thousand two hundred and thirteen" → 40213.
// A bidirectional LSTM reads the letters, an LSTM with attention to all of them (Bahdanau et al. 2015) writes the digits.
//
//   scripts/run seq2seq                      numbers of one to six digits; those tested never occur in training
//   scripts/run seq2seq --score dot          attention by inner products (Luong et al. 2015)
//   scripts/run seq2seq --data NUMBERS       tests on the numbers of a file, one a line
//
// Expect every one of 1000 numbers right in every digit (seed 1), after about 10 s.

#include "common/most_likely.h"
#include "common/step_training.h"

#include <recur/framework/parallel.h>
#include <recur/layers/attention_cell.h>
#include <recur/layers/bidirectional.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/losses.h>
#include <recur/layers/lstm_cell.h>
#include <recur/layers/rnn.h>
#include <recur/train/epoch_printer.h>
#include <recur/train/samples/number_words.h>
#include <recur/train/text.h>

#include <fmt/format.h>

#include <charconv>

using namespace recur;
using namespace recur::examples;

namespace {

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz -";
constexpr Index digits = 10;
constexpr std::int32_t end_id = 10;    // ends the answer
constexpr std::int32_t begin_id = 11;  // is read before the first digit
constexpr Index output_symbols = 11;
constexpr Index longest_answer = 7;  // with its end

struct Settings {
  std::string data;
  Index units = 64;
  Index batch = 64;
  Index test_numbers = 1000;
  std::string score = "additive";
  StepOptions training{.steps = 500, .report_every = 250, .learning_rate = 5e-3, .falling_rate = true};
  RunOptions run;
};

/// Numbers side by side: letters `[batch, time]`, and for each the digits `[batch, longest_answer]`.
struct NumberBatch {
  std::vector<Index> numbers;
  Index batch = 0;
  Index time = 0;
  std::vector<std::int32_t> words;
  std::vector<Index> lengths;
  std::vector<std::int32_t> before;  ///< The digit before each.
  std::vector<std::int32_t> answer;
  std::vector<float> weights;  ///< 0 beyond the answer's end.
  Tensor<float> mask;          ///< 0 beyond the words' end.
};

NumberBatch make_batch(std::vector<Index> numbers) {
  NumberBatch result{std::move(numbers), 0, 0, {}, {}, {}, {}, {}, Tensor<float>()};
  result.batch = static_cast<Index>(result.numbers.size());
  std::vector<std::string> texts;
  for (const Index number : result.numbers) {
    texts.push_back(samples::number_words(number));
    result.lengths.push_back(static_cast<Index>(texts.back().size()));
    result.time = std::max(result.time, result.lengths.back());
  }
  result.mask = Tensor<float>({result.batch, result.time});
  for (std::size_t b = 0; b < texts.size(); ++b) {
    std::string written = fmt::format("{}", result.numbers[b]);
    for (std::size_t t = 0; t < static_cast<std::size_t>(result.time); ++t) {
      const bool inside = t < texts[b].size();
      result.words.push_back(inside ? static_cast<std::int32_t>(letters.find(texts[b][t])) : 0);
      result.mask(static_cast<Index>(b), static_cast<Index>(t)) = inside ? 1 : 0;
    }
    std::int32_t last = begin_id;
    for (std::size_t t = 0; t < longest_answer; ++t) {
      const std::int32_t next = t < written.size() ? written[t] - '0' : end_id;
      result.before.push_back(last);
      result.answer.push_back(next);
      result.weights.push_back(t <= written.size() ? 1.0F : 0.0F);
      last = next;
    }
  }
  return result;
}

// One number in ten is kept for tests, whichever way it is drawn.
bool is_for_tests(Index number) { return Generator(static_cast<std::uint64_t>(number)).below(10) == 0; }

std::vector<Index> draw(Index count, bool for_tests, Generator& generator) {
  std::vector<Index> numbers;
  while (static_cast<Index>(numbers.size()) < count) {
    Index bound = 1;
    for (Index d = generator.below(6); d >= 0; --d) bound *= 10;
    const Index number = generator.below(bound);
    if (is_for_tests(number) == for_tests) numbers.push_back(number);
  }
  return numbers;
}

std::vector<Index> numbers_of_file(const std::string& path) {
  std::vector<Index> numbers;
  const std::string text = read_text_file(path);
  for (const char* at = text.data(); at < text.data() + text.size(); ++at) {
    Index number = 0;
    const char* const end = std::find(at, text.data() + text.size(), '\n');
    const auto [stop, error] = std::from_chars(at, end, number);
    require<ValueError>(error == std::errc() && stop == end, "numbers_of_file: {}: '{}' is not a number", path,
                        std::string(at, end));
    numbers.push_back(number);
    at = end;
  }
  return numbers;
}

class Translator {
 public:
  explicit Translator(const Settings& s)
      : letters_(static_cast<Index>(letters.size()), 16, {.embeddings_initializer = random_normal(0, 1)}),
        encoder_([&] { return LSTMCell(s.units); }, {.return_sequences = true}),
        digits_(digits + 2, 16, {.embeddings_initializer = random_normal(0, 1)}),
        decoder_(AnyCell(AttentionCell(LSTMCell(s.units), 2 * s.units, {.units = s.units, .score = s.score})),
                 {.return_sequences = true, .return_state = true}),
        output_(output_symbols) {
    Builder builder(16, DType::float32, Generator(s.run.seed));
    letters_.build(builder);
    encoder_.build(builder);
    Builder second = builder.part(16);
    digits_.build(second);
    decoder_.build(second);
    Builder last = builder.part(s.units);
    output_.build(last);
  }
  void visit(ParameterVisitor& visitor) {
    visitor.in("letters", letters_);
    visitor.in("encoder", encoder_);
    visitor.in("digits", digits_);
    visitor.in("decoder", decoder_);
    visitor.in("output", output_);
  }

  /// Teacher forcing: each digit is predicted from the true ones before it.
  [[nodiscard]] Var loss(Tape& tape, const NumberBatch& batch) {
    const std::array<Var, 2> memory{read(tape, batch), tape.constant(batch.mask)};
    const Var before = digits_(tape, batch.before, {batch.batch, longest_answer});
    return sparse_softmax_cross_entropy(output_(decoder_(before, {.constants = memory})), batch.answer,
                                        {.weights = batch.weights});
  }

  /// Digit after digit, each read back: `[longest_answer][batch]`.
  [[nodiscard]] std::vector<std::vector<std::int32_t>> translate(Tape& tape, const NumberBatch& batch) {
    const NoGradient inference(tape);
    const std::array<Var, 2> memory{read(tape, batch), tape.constant(batch.mask)};
    std::vector<std::int32_t> last(batch.numbers.size(), begin_id);
    std::span<const Var> states;
    std::vector<std::vector<std::int32_t>> answer;
    for (Index t = 0; t < longest_answer; ++t) {
      const RNNResult step =
          decoder_.call(digits_(tape, last, {batch.batch, 1}), {.initial_state = states, .constants = memory});
      last = most_likely(output_(step.output));
      states = step.states;
      answer.push_back(last);
    }
    tape.reset();
    return answer;
  }

 private:
  Var read(Tape& tape, const NumberBatch& batch) {
    return encoder_(letters_(tape, batch.words, {batch.batch, batch.time}), {.lengths = batch.lengths});
  }

  Embedding letters_;
  Bidirectional encoder_;
  Embedding digits_;
  RNN decoder_;
  Dense output_;
};

std::string to_string(const std::vector<std::vector<std::int32_t>>& answer, std::size_t number) {
  std::string text;
  for (const auto& step : answer) {
    if (step[number] == end_id) break;
    text += static_cast<char>('0' + step[number]);
  }
  return text;
}

void learn_numbers(const Settings& s) {
  set_threads(s.run.threads);
  Generator random = Generator(s.run.seed).fork("train");
  Generator test_random = Generator(s.run.seed).fork("test");
  const NumberBatch tests =
      make_batch(s.data.empty() ? draw(s.test_numbers, true, test_random) : numbers_of_file(s.data));

  Translator translator(s);
  Tape tape;
  Trainer trainer = step_trainer(parameters(translator), s.training, s.run.json);
  const auto reports = trainer.fit(
      tape, s.training.epoch(),
      [&](Tape& t, Index) { return translator.loss(t, make_batch(draw(s.batch, false, random))); },
      [&] {
        const NoGradient inference(tape);
        const double nats = translator.loss(tape, tests).item();
        tape.reset();
        return nats;
      });

  const auto answers = translator.translate(tape, tests);
  double right = 0;
  for (std::size_t i = 0; i < tests.numbers.size(); ++i) {
    const std::string answer = to_string(answers, i);
    right += answer == fmt::format("{}", tests.numbers[i]);
    if (i < 5 && !s.run.json) fmt::print("{} → {}\n", samples::number_words(tests.numbers[i]), answer);
  }
  const double accuracy = right / static_cast<double>(tests.numbers.size());
  if (s.run.json) print_json_line({{"test_loss", reports.back().valid_loss}, {"test_accuracy", accuracy}});
  else fmt::print("{:.1f} % of {} numbers right in every digit\n", 100 * accuracy, tests.numbers.size());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains an LSTM with attention to read numbers in words.", "seq2seq");
  Settings s;
  app.add_option("--data", s.data, "file of numbers to test on, one a line; without it they are drawn");
  add_positive(app, "--units", s.units, "units of each LSTM");
  add_positive(app, "--batch", s.batch, "numbers a step");
  add_positive(app, "--test-numbers", s.test_numbers, "to test on");
  app.add_option("--score", s.score, "of the attention")
      ->check(CLI::IsMember({"additive", "dot"}))
      ->capture_default_str();
  add_step_options(app, s.training);
  add_run_options(app, s.run);
  return run(app, argc, argv, [&] { learn_numbers(s); });
}
