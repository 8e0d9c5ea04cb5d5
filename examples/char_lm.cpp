// A character language model: Embedding → stacked LSTM → Dense, trained by truncated backpropagation through time with the
// state carried from window to window.
//
//   scripts/run char_lm                          learns the built-in grammar, whose entropy is known exactly
//   scripts/run char_lm --text FILE              learns any text; the last tenth is held out
//   scripts/run char_lm --resume MODEL --epochs 0 --sample 500 --temperature 0.7
//
// Expect on Tiny Shakespeare, --layers 2 --hidden 128 --batch 50 --time 50 --epochs 8 --lr 0.002: 1.57 nats a character (2.27 bits).

#include "common/char_model.h"
#include "common/command_line.h"

#include <recur/framework/parallel.h>
#include <recur/io/model_file.h>
#include <recur/layers/losses.h>
#include <recur/optim/optimizers.h>
#include <recur/optim/schedules.h>
#include <recur/train/epoch_printer.h>
#include <recur/train/samples/grammar_text.h>
#include <recur/train/samples/markov_text.h>
#include <recur/train/snapshot.h>
#include <recur/train/stream_batches.h>
#include <recur/train/text.h>
#include <recur/train/trainer.h>
#include <recur/train/vocabulary.h>

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <numbers>
#include <optional>

using namespace recur;
using namespace recur::examples;

namespace {

struct Settings {
  std::string text_file;
  std::string dataset = "grammar";
  Index characters = 600'000;      // of built-in text to train on
  Index test_characters = 60'000;  // held out, and as many again for the final test
  CharModelOptions model;
  Index batch = 32;
  Index time = 64;
  Index epochs = 8;
  double learning_rate = 4e-3;
  std::string schedule = "constant";
  std::string optimizer = "adam";
  double clip = 5;
  std::string save;
  std::string resume;
  Index sample = 400;
  double temperature = 1;
  std::uint64_t seed = 1;
  int threads = 1;
  bool json = false;
};

struct Data {
  std::string train;
  std::string validation;
  std::string test;               // empty for a text file
  std::optional<double> entropy;  // nats a character, where it is known
};

double bits(double nats) { return nats / std::numbers::ln2; }

Data load_data(const Settings& s) {
  if (!s.text_file.empty()) {
    TextSplit split = split_text(read_text_file(s.text_file));
    return {std::move(split.train), std::move(split.validation), "", std::nullopt};
  }
  const samples::Grammar grammar = samples::english_grammar();
  const bool markov = s.dataset == "markov";
  const auto text = [&](const char* part, Index characters) {
    Generator generator = Generator(s.seed).fork(part);
    return markov ? samples::markov_text(characters, generator) : grammar.text(characters, generator);
  };
  return {text("train", s.characters), text("validation", s.test_characters), text("test", s.test_characters),
          markov ? samples::markov_entropy().rate : grammar.entropy_per_character()};
}

std::string to_hex(const std::string& bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

Metadata describe(const CharModelOptions& model, const Vocabulary& vocabulary) {
  return {{"program", "char_lm"},
          {"hidden", std::to_string(model.hidden)},
          {"layers", std::to_string(model.layers)},
          {"embedding", std::to_string(model.embedding)},
          {"vocabulary", to_hex(vocabulary.text())}};
}

optim::Optimizer make_optimizer(const Settings& s, Index steps) {
  const auto rate = s.schedule == "cosine" ? optim::cosine_decay({.initial = s.learning_rate, .decay_steps = steps})
                                           : optim::Schedule(s.learning_rate);
  const optim::ClipOptions clip{.global_norm = s.clip};
  if (s.optimizer == "sgd") return optim::sgd({.learning_rate = rate, .momentum = 0.9, .clip = clip});
  if (s.optimizer == "rmsprop") return optim::rmsprop({.learning_rate = rate, .clip = clip});
  if (s.optimizer == "adamw") return optim::adamw({.learning_rate = rate, .clip = clip});
  return optim::adam({.learning_rate = rate, .clip = clip});
}

void train_and_sample(Settings s) {
  set_threads(s.threads);
  const Data data = load_data(s);
  const Vocabulary vocabulary(data.train + data.validation + data.test);
  const auto valid_ids = vocabulary.encode(data.validation);
  const StreamBatches batches(vocabulary.encode(data.train), s.batch, s.time);
  s.model.symbols = vocabulary.size();

  CharModel model(s.model, s.seed);
  const auto learned = parameters(model);
  const Metadata metadata = describe(s.model, vocabulary);
  if (!s.resume.empty()) {
    const Metadata saved = load_parameters(s.resume, learned);
    require<ValueError>(saved.contains("vocabulary") && saved.at("vocabulary") == metadata.at("vocabulary"),
                        "char_lm: '{}' was trained on other characters than this text has", s.resume);
  }

  Tape tape(DType::float32, s.seed);
  CarriedState carried;
  Snapshot best;
  Trainer trainer(learned, make_optimizer(s, s.epochs * batches.size()), {.epochs = s.epochs});
  trainer.on_epoch_begin = [&](Index) { carried.reset(); };
  trainer.metrics = [&](const EpochReport& report) {
    std::vector<std::pair<std::string, double>> metrics = {{"bits_per_character", bits(report.valid_loss)}};
    if (data.entropy) metrics.emplace_back("entropy_bits", bits(*data.entropy));
    return metrics;
  };
  trainer.on_best = [&](const EpochReport&) {
    best.take(learned);
    if (!s.save.empty()) save_parameters(s.save, learned, metadata);
  };
  trainer.on_epoch_end = EpochPrinter(s.json);
  trainer.fit(
      tape, batches.size(),
      [&](Tape& t, Index index) {
        const StreamWindow window = batches[index];
        return sparse_softmax_cross_entropy(model.logits(t, window.inputs, s.batch, carried), window.targets);
      },
      [&] { return nats_per_character(model, tape, valid_ids, s.time); });
  best.restore(learned);

  const bool tested = !data.test.empty();
  const double nats = nats_per_character(model, tape, tested ? vocabulary.encode(data.test) : valid_ids, s.time);
  const std::string prefix = tested ? "test" : "valid";
  if (s.json) {
    std::vector<std::pair<std::string, double>> result = {{prefix + "_loss", nats},
                                                          {prefix + "_bits_per_character", bits(nats)}};
    if (data.entropy) result.emplace_back("entropy_bits", bits(*data.entropy));
    print_json_line(result);
  } else {
    fmt::print("{}: {:.4f} bits per character ({:.4f} nats)", tested ? "test text" : "held-out text", bits(nats), nats);
    if (data.entropy)
      fmt::print("; entropy of the source {:.4f} bits, {:.2f} % above it", bits(*data.entropy),
                 100 * (nats / *data.entropy - 1));
    fmt::print("\n");
  }
  if (s.sample > 0) {
    Generator generator = Generator(s.seed).fork("sample");
    const auto prompt = std::span(valid_ids).first(std::min<std::size_t>(valid_ids.size(), 1));
    const auto drawn = sample(model, tape, prompt, s.sample, s.temperature, generator);
    fmt::print(s.json ? stderr : stdout, "\n{}{}\n", vocabulary.decode(prompt), vocabulary.decode(drawn));
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains a stacked LSTM to predict the next character of a text, and writes some of its own.", "char_lm");
  Settings s;
  app.add_option("--text", s.text_file, "text file to learn (UTF-8 or any bytes); its last tenth is held out");
  app.add_option("--dataset", s.dataset, "built-in text, where no file is given")
      ->check(CLI::IsMember({"grammar", "markov"}))
      ->capture_default_str();
  app.add_option("--characters", s.characters, "characters of built-in text to train on")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--test-characters", s.test_characters, "characters of built-in text held out, and again to test")
      ->check(CLI::Range(2, 1 << 30))
      ->capture_default_str();
  app.add_option("--layers", s.model.layers, "LSTM cells on top of each other")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--hidden", s.model.hidden, "units of each")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--embedding", s.model.embedding, "features of a character; 0: as many as hidden")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--dropout", s.model.dropout, "share of each LSTM's inputs dropped in training")
      ->check(CLI::Range(0.0, 0.95))
      ->capture_default_str();
  app.add_option("--batch", s.batch, "streams read side by side")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--time", s.time, "steps of a window")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--epochs", s.epochs, "passes over the text")->check(CLI::NonNegativeNumber)->capture_default_str();
  app.add_option("--lr", s.learning_rate, "learning rate")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--schedule", s.schedule, "of the learning rate: constant, or cosine down to zero")
      ->check(CLI::IsMember({"constant", "cosine"}))
      ->capture_default_str();
  app.add_option("--optimizer", s.optimizer)
      ->check(CLI::IsMember({"adam", "adamw", "rmsprop", "sgd"}))
      ->capture_default_str();
  app.add_option("--clip", s.clip, "global norm that gradients are clipped to; 0: not at all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--save", s.save, "file for the model of the best epoch (safetensors)");
  app.add_option("--resume", s.resume, "start from this saved model");
  app.add_option("--sample", s.sample, "characters to write at the end")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--temperature", s.temperature, "of the sampling; lower is safer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seed", s.seed)->capture_default_str();
  app.add_option("--threads", s.threads, "of the matrix products")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_flag("--json", s.json, "one JSON object per epoch on standard output; the sample goes to standard error");
  return run(app, argc, argv, [&] { train_and_sample(s); });
}
