// A word language model as Zaremba, Sutskever & Vinyals (2014) train it: Embedding → two LSTMs → Dense, with dropout
// between them that is drawn anew at every step; plain SGD, whose learning rate is divided after some epochs.
//
//   scripts/run word_lm
//       sentences of a small grammar, generated
//   scripts/run word_lm --data ptb.train.txt --valid ptb.valid.txt --test ptb.test.txt --preset small
//       words between spaces; published for Penn Treebank: validation perplexity 120.7, test 114.5 (medium: 86.2, 82.7)
//
// Scores to expect are in docs/examples.md. The published settings were run on other texts for a few steps only.

#include <recur/recur.h>
#include <recur/samples.h>

#include <cmath>

using namespace recur;

namespace {

// The settings of the paper's table; `tiny` is for the generated text.
struct Preset {
  Index units, time;
  double dropout, initial;  ///< Weights are uniform in [-initial, initial].
  Index constant_epochs;    ///< Before the learning rate begins to fall.
  double divisor;           ///< Each epoch after.
  Index epochs;
};
constexpr Preset tiny{100, 20, 0, 0.1, 4, 2, 8}, small{200, 20, 0, 0.1, 4, 2, 13}, medium{650, 35, .5, .05, 6, 1.2, 39};
constexpr Index batch = 20, judged_streams = 10;
constexpr double first_rate = 1, largest_norm = 5;

Sequential make_model(const Preset& p, Index words) {
  const Initializer uniform = random_uniform(-p.initial, p.initial);
  LSTMCellOptions cell;
  cell.kernel_initializer = cell.recurrent_initializer = cell.bias_initializer = uniform;
  cell.unit_forget_bias = false;
  const RNNOptions carried{.return_sequences = true, .stateful = true, .time_major = true};
  const Embedding embedding(words, p.units, {.embeddings_initializer = uniform});
  const Dropout drop(p.dropout);
  const Dense output(words, {.kernel_initializer = uniform, .bias_initializer = uniform});
  return Sequential{Embedding(embedding), drop, LSTM(p.units, cell, carried), drop, LSTM(p.units, cell, carried), drop,
                    Dense(output)};
}

}  // namespace

int main(int argc, char** argv) {
  std::string data, valid_file, test_file, preset_name = "tiny";
  Index characters = 500'000, epochs = 0;
  Program program("Trains a stacked LSTM to predict the next word of a text.", distributed::join);
  program.option("data", data, "text to learn, words between spaces; without it sentences of a grammar");
  program.option("valid", valid_file, "text to choose the best epoch by").option("test", test_file, "text to judge by");
  program.option("preset", preset_name, "tiny, or small or medium of the paper", {"tiny", "small", "medium"});
  program.option("characters", characters, "to generate", 20'000).option("epochs", epochs, "0: the preset's", 0);
  return program.run(argc, argv, [&] {
    Preset p = preset_name == "medium" ? medium : preset_name == "small" ? small : tiny;
    if (epochs > 0) p.epochs = epochs;
    const samples::Grammar grammar = samples::english_grammar();
    const auto text = [&](const std::string& file, const char* part, Index count) {
      Generator random = program.random(part);
      if (data.empty()) return grammar.text(count, random);
      require<ValueError>(!file.empty(), "word_lm: --data, --valid and --test are given together");
      return read_text_file(file);
    };
    const std::string train_text = text(data, "train", characters), test_text = text(test_file, "test", characters / 5);
    const auto vocabulary = WordVocabulary::of_text(train_text);
    const StreamBatches train(vocabulary.encode(train_text), batch, p.time);
    const StreamBatches valid(vocabulary.encode(text(valid_file, "valid", characters / 5)), judged_streams, p.time);
    const auto test_ids = vocabulary.encode(test_text);
    Sequential model = make_model(p, vocabulary.size());
    model.build(p.units, program.seed());
    // The paper sums the loss over the steps of a window and averages over the batch: gradients are `time` times ours.
    const auto time = static_cast<double>(p.time);
    const auto rate = [=, steps = train.size()](Index step) {
      const Index falling = std::max<Index>(0, step / steps + 1 - p.constant_epochs);
      return time * first_rate / std::pow(p.divisor, static_cast<double>(falling));
    };
    ModelTrainer trainer(model, sparse_softmax_cross_entropy,
                         optim::sgd({.learning_rate = rate, .clip = {.global_norm = largest_norm / time}}),
                         program.training(p.epochs), program.seed());
    trainer.measure("perplexity").add(EarlyStopping({.patience = p.epochs, .restore_best_weights = true}));
    program.follow(trainer);
    trainer.fit(train, valid);
    const Scores scores = trainer.evaluate(StreamBatches(test_ids, judged_streams, p.time));
    NamedNumbers result = {{"test_perplexity", scores["perplexity"]}, {"words", vocabulary.size()}};
    const double source = data.empty() ? grammar.nats_of(test_text) / static_cast<double>(test_ids.size()) : 0;
    if (data.empty()) result.emplace_back("source_perplexity", std::exp(source));
    program.report(result);
  });
}
