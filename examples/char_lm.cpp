// A character language model: Embedding → stacked LSTM → Dense, trained by truncated backpropagation through time with the
// state carried from window to window.
//
//   scripts/run char_lm                          learns sentences of a small grammar, whose entropy is known exactly
//   scripts/run char_lm --dataset markov         or dyck, even: other sources of known entropy
//   scripts/run char_lm --data FILE              learns any text; the last tenth is held out
//   scripts/run char_lm --checkpoint FOLDER      leaves checkpoints; with --continue it goes on from the newest, to the same bits
//   scripts/run char_lm --run runs/grammar       leaves curves, logs and a page about the training, report.html
//   scripts/run char_lm --data FILE --through 96 gradients flow back through 96 steps after every 64: windows overlap
//   scripts/run char_lm --data FILE --resume MODEL --epochs 0 --sample 500 --temperature 0.7
//
// Expect without options (seeds 1 to 3) 0.453 to 0.458 bits a character after one minute on one core. The source has 0.4516, and
// its own rules score 0.450 to 0.456 on the same held-out texts: the model is 0.5 to 0.8 % above them. Every epoch brings fresh
// text, so that nothing can be learned by heart, and the learning rate falls to zero.
//
// Expect on Tiny Shakespeare, --layers 2 --hidden 128 --batch 50 --time 50 --epochs 8 --lr 0.002 --clip 5: 1.56 to
// 1.57 nats a character (2.26 bits).
// --layers 2 --hidden 256 --embedding 64 --time 64 --batch 50 --epochs 8 --lr 0.005 --schedule cosine --clip 5 --dropout 0.1 takes 200 s
// on one core: 1.48 nats. --layers 2 --hidden 512 --embedding 128 --time 64 --batch 50 --epochs 14 --lr 0.003 --schedule cosine --clip 5
// --dropout 0.4: 1.43 nats after 22 minutes.

#include "common/char_model.h"
#include "common/char_text.h"
#include "common/run_output.h"

#include <recur/framework/threads/parallel.h>
#include <recur/io/model_file.h>
#include <recur/layers/losses.h>
#include <recur/optim/optimizers.h>
#include <recur/optim/schedules.h>
#include <recur/train/callbacks/early_stopping.h>
#include <recur/train/callbacks/model_checkpoint.h>
#include <recur/train/data/stream_batches.h>
#include <recur/train/data/vocabulary.h>

#include <fmt/format.h>

#include <numbers>

using namespace recur;
using namespace recur::examples;

namespace {

struct Settings {
  std::string data;
  std::string dataset = "grammar";
  Index characters = 500'000;
  Index test_characters = 100'000;
  CharModelOptions model;
  Index batch = 32;
  Index time = 64;
  Index through = 0;  // at least time; 0: as time
  Index epochs = 8;
  double learning_rate = 6e-3;
  std::string schedule;  // empty: cosine for built-in text, constant for a file
  std::string optimizer = "adam";
  double clip = 1;
  std::string save;
  std::string resume;
  CheckpointOptions checkpoint;
  Index patience = 0;
  Index sample = 600;
  double temperature = 1;
  RunOptions run;
};

double bits(double nats) { return nats / std::numbers::ln2; }

Metadata describe(const CharModelOptions& model, const Vocabulary& vocabulary) {
  return {{"program", "char_lm"},
          {"hidden", std::to_string(model.hidden)},
          {"layers", std::to_string(model.layers)},
          {"embedding", std::to_string(model.embedding)},
          {"vocabulary", vocabulary.hex()}};
}

optim::Optimizer make_optimizer(const Settings& s, Index steps) {
  const bool cosine = s.schedule.empty() ? s.data.empty() : s.schedule == "cosine";
  const auto rate = cosine && steps > 0 ? optim::cosine_decay({.initial = s.learning_rate, .decay_steps = steps})
                                        : optim::Schedule(s.learning_rate);
  const optim::ClipOptions clip{.global_norm = s.clip};
  if (s.optimizer == "sgd") return optim::sgd({.learning_rate = rate, .momentum = 0.9, .clip = clip});
  if (s.optimizer == "rmsprop") return optim::rmsprop({.learning_rate = rate, .clip = clip});
  if (s.optimizer == "adamw") return optim::adamw({.learning_rate = rate, .clip = clip});
  return optim::adam({.learning_rate = rate, .clip = clip});
}

void load_model(const std::string& file, std::span<const NamedParameter> learned, const Metadata& expected) {
  const Metadata saved = load_parameters(file, learned);
  require<ValueError>(saved.contains("vocabulary") && saved.at("vocabulary") == expected.at("vocabulary"),
                      "load_model: '{}' was trained on other characters than this text has", file);
}

// What decides how training goes on; a run can only be continued with the same.
std::string describe_training(const Settings& s) {
  return fmt::format(
      "text {} dataset {} characters {} batch {} time {} through {} dropout {} epochs {} lr {} schedule {} optimizer "
      "{} "
      "clip {} seed {}",
      s.data, s.dataset, s.characters, s.batch, s.time, s.through, s.model.dropout, s.epochs, s.learning_rate,
      s.schedule, s.optimizer, s.clip, s.run.seed);
}

// What this program keeps besides parameters and optimizer.
void checkpoint_own_state(Trainer& trainer, const std::string& settings, CarriedState& carried) {
  trainer.save_state = [&carried, settings](TrainingState& state) {
    state.texts["settings"] = settings;
    state.put("carried", carried.values());
  };
  trainer.load_state = [&carried, settings](const TrainingState& state) {
    const std::string& then = state.text("settings");
    require<ValueError>(then == settings,
                        "--continue: the checkpoint is of a training with other settings: {}\n  now: {}", then,
                        settings);
    carried.set_values(state.get("carried"));
  };
}

// The text of an epoch, in windows of truncated backpropagation.
StreamBatches read(const Settings& s, const CharText& text, const Vocabulary& vocabulary, Index epoch) {
  return {vocabulary.encode(text.train(epoch)), s.batch, s.time, std::max<Index>(0, s.through - s.time)};
}

std::vector<EpochReport> train(Trainer& trainer, const Settings& s, CharModel& model, Tape& tape, const CharText& text,
                               const Vocabulary& vocabulary, StreamBatches batches) {
  TruncatedBPTT truncated({.k1 = s.time, .k2 = s.through});
  checkpoint_own_state(trainer, describe_training(s), truncated.carried());
  trainer.on_epoch_begin = [&](Index epoch) {
    if (epoch > 1) batches = read(s, text, vocabulary, epoch);
    truncated.reset();
  };
  const auto valid_ids = vocabulary.encode(text.validation);
  return trainer.fit(
      tape, batches.size(),
      [&](Tape& t, Index i) {
        const StreamWindow window = batches[i];
        const auto steps = truncated.window(i, batches.size() * s.time);
        return sparse_softmax_cross_entropy(model.logits(t, window.inputs, s.batch, truncated, steps), window.targets);
      },
      [&] { return nats_per_character(model, tape, valid_ids, s.time); });
}

// `part`: which text the score is of.
NamedNumbers score(const CharText& text, const std::string& part, double nats) {
  NamedNumbers result = {{part + "_loss", nats}, {part + "_bits_per_character", bits(nats)}};
  if (text.entropy)
    result.insert(result.end(), {{"entropy_bits", bits(*text.entropy)},
                                 {"above_entropy", nats - *text.entropy},
                                 {"ratio", nats / *text.entropy}});
  if (text.source_score) result.emplace_back("source_bits_per_character", bits(*text.source_score));
  return result;
}

void train_and_sample(Settings s) {
  set_threads(s.run.threads);
  const CharText text =
      s.data.empty() ? built_in_text(s.dataset, s.characters, s.test_characters, s.run.seed) : text_of_file(s.data);
  const Vocabulary vocabulary(text.alphabet);
  s.model.symbols = vocabulary.size();
  CharModel model(s.model, s.run.seed);
  if (!s.resume.empty()) load_model(s.resume, parameters(model), describe(s.model, vocabulary));

  Tape tape(DType::float32, s.run.seed);
  StreamBatches batches = read(s, text, vocabulary, 1);
  Trainer trainer(parameters(model), make_optimizer(s, s.epochs * batches.size()),
                  {.epochs = s.epochs,
                   .checkpoint = s.checkpoint,
                   .items_per_batch = static_cast<double>(s.batch * s.time),
                   .items = "characters"});
  trainer.metrics = [&](const EpochReport& report) {
    return NamedNumbers{{"bits_per_character", bits(report.valid_loss)}};
  };
  trainer.add(EarlyStopping(
      {.patience = s.patience > 0 ? s.patience : std::max<Index>(1, s.epochs), .restore_best_weights = true}));
  if (!s.save.empty()) trainer.add(ModelCheckpoint({.path = s.save, .metadata = describe(s.model, vocabulary)}));
  RunOutput output(trainer, s.run);
  const auto reports = train(trainer, s, model, tape, text, vocabulary, std::move(batches));
  // Part of an epoch is never the best model, but the only one if it is part of the first.
  if (!s.save.empty() && reports.size() == 1 && reports[0].epoch == 1 && reports[0].interrupted)
    save_parameters(s.save, parameters(model), describe(s.model, vocabulary));

  const std::string part = text.test.empty() ? "valid" : "test";
  const auto ids = vocabulary.encode(text.test.empty() ? text.validation : text.test);
  output.result(score(text, part, nats_per_character(model, tape, ids, s.time)));
  if (s.sample == 0) return;
  Generator generator = Generator(s.run.seed).fork("sample");
  const auto prompt = std::span(ids).first(1);
  output.sample(
      fmt::format("Sample, temperature {}", s.temperature),
      vocabulary.decode(prompt) + vocabulary.decode(sample(model, tape, prompt, s.sample, s.temperature, generator)));
}

void add_data_options(CommandLine& app, Settings& s) {
  app.add_option("--data,--text", s.data, "text file to learn (UTF-8 or any bytes); its last tenth is held out");
  app.add_option("--dataset", s.dataset, "built-in text, where no file is given")
      .check(one_of({"grammar", "markov", "dyck", "even"}))
      .capture_default_str();
  add_positive(app, "--characters", s.characters, "characters of built-in text in an epoch, fresh in each");
  app.add_option("--test-characters", s.test_characters, "characters of built-in text held out, and again to test")
      .check(between(2, 1 << 30))
      .capture_default_str();
  add_positive(app, "--batch", s.batch, "streams read side by side");
  add_positive(app, "--time", s.time, "steps of a window: between two updates");
  app.add_option("--through", s.through,
                 "steps that gradients flow back through, at least --time; 0: those of the window")
      .check(not_negative())
      .capture_default_str();
}

void add_model_options(CommandLine& app, Settings& s) {
  add_positive(app, "--layers", s.model.layers, "LSTM cells on top of each other");
  add_positive(app, "--hidden", s.model.hidden, "units of each");
  app.add_option("--embedding", s.model.embedding, "features of a character; 0: as many as hidden")
      .check(not_negative())
      .capture_default_str();
  app.add_option("--dropout", s.model.dropout, "share of each LSTM's inputs dropped in training")
      .check(between(0.0, 0.95))
      .capture_default_str();
  app.add_option("--save", s.save, "file for the model of the best epoch (safetensors)");
  app.add_option("--resume", s.resume, "start from this saved model");
  app.add_option("--checkpoint", s.checkpoint.directory, "folder for checkpoints: all that training needs to go on");
  app.add_option("--checkpoint-every", s.checkpoint.every, "steps between them, besides the one after each epoch")
      .check(not_negative());
  app.add_flag("--continue", s.checkpoint.resume, "go on from the newest checkpoint, as if never stopped")
      .needs("--checkpoint");
}

void add_training_options(CommandLine& app, Settings& s) {
  app.add_option("--epochs", s.epochs, "passes over the text").check(not_negative()).capture_default_str();
  app.add_option("--patience", s.patience, "epochs without improvement that are borne; 0: all")
      .check(not_negative())
      .capture_default_str();
  add_positive(app, "--lr", s.learning_rate, "learning rate");
  app.add_option("--schedule", s.schedule,
                 "of the learning rate: constant (the default for a file), or cosine down to zero (for built-in text)")
      .check(one_of({"constant", "cosine"}));
  app.add_option("--optimizer", s.optimizer).check(one_of({"adam", "adamw", "rmsprop", "sgd"})).capture_default_str();
  app.add_option("--clip", s.clip, "global norm that gradients are clipped to; 0: not at all")
      .check(not_negative())
      .capture_default_str();
}

void add_output_options(CommandLine& app, Settings& s) {
  app.add_option("--sample", s.sample, "characters to write at the end").check(not_negative()).capture_default_str();
  add_positive(app, "--temperature", s.temperature, "of the sampling; lower is safer");
  add_run_folder(app, s.run);
  add_run_options(app, s.run);
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine app("Trains a stacked LSTM to predict the next character of a text, and writes some of its own.",
                  "char_lm");
  Settings s;
  add_data_options(app, s);
  add_model_options(app, s);
  add_training_options(app, s);
  add_output_options(app, s);
  return run(app, argc, argv, [&] { train_and_sample(s); });
}
