#include <recur/framework/threads/thread_count.h>
#include <recur/io/model_file.h>
#include <recur/io/warning.h>
#include <recur/layers/summary.h>
#include <recur/train/callbacks/epoch_printer.h>
#include <recur/train/callbacks/run_folder.h>
#include <recur/train/loop/trainer.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>

#include "audio_commands.h"
#include "class_commands.h"
#include "commands.h"
#include "data_identity.h"
#include "data_kind.h"
#include "label_report.h"
#include "run.h"
#include "run_directory.h"
#include "seed.h"
#include "table_commands.h"

namespace recur::tools {
namespace {

/// Says how many threads may be used, as the first line on standard output.
void print_threads(bool json) {
  if (json) fmt::print("{{\"threads\":{}}}\n", threads());
  else fmt::print("training on {} thread{}\n", threads(), threads() == 1 ? "" : "s");
  std::fflush(stdout);
}

/// What the best model scores, and for text some that it writes.
void complete_report(RunFolder& report, Task& task, const Run& run, std::uint64_t seed) {
  (void)load_parameters(run.model_file(), task.parameters());
  if (const auto optimum = task.optimum()) report.add_result("least possible loss", fmt::format("{:.4f}", *optimum));
  if (task.reads_labels())
    for (HeatMap& map : label_maps(task, task.validation())) report.add_map(std::move(map));
  if (task.vocabulary()) {
    constexpr Index characters = 400;
    try {
      report.add_sample("Sample", sample_text(task, {.count = characters}, Generator(seed).fork("sample")));
    } catch (const Error&) {  // a model that cannot write, or says nothing finite
    }
  }
  try {
    report.write();
  } catch (const FormatError& error) {
    warn("{}", error.what());
  }
}

Metadata identity_of(const Task& task, Settings& settings) {
  Metadata all = task.identity();
  all["loss"] = settings.value("loss").dump();
  return all;
}

/// What a run depends on besides model, loss and metrics.
Metadata circumstances_of(Settings& settings, std::uint64_t seed) {
  Metadata all{{"seed", std::to_string(seed)}, {"data", data_identity(settings.value("data"))}};
  for (const char* key : {"batch", "early_stopping", "reduce_on_plateau"})
    all[key] = settings.has(key) ? settings.value(key).dump() : "as by default";
  return all;
}

const char* name_of(int signal) {
  if (signal == SIGINT) return "SIGINT";
  if (signal == SIGUSR1) return "SIGUSR1";
  return signal == SIGTERM ? "SIGTERM" : "SIGHUP";
}

}  // namespace

Interrupted::Interrupted(int signal)
    : Error(fmt::format("interrupted by {}; with --resume it goes on from here", name_of(signal))), signal_(signal) {}

void train(const Flags& flags) {
  Settings settings = Settings::load(flags.file);
  for (const std::string& assignment : flags.set) settings.set(assignment);
  const DataKind kind = data_kind(settings);
  if (kind == DataKind::table) return train_table(flags, settings);
  if (kind == DataKind::audio) return train_audio(flags, settings);
  if (kind == DataKind::classification) return train_classes(flags, settings);
  const std::uint64_t seed = read_seed(settings, flags);
  const Run run(settings, std::filesystem::path(flags.file).stem().string());
  Task task(settings, {.seed = seed, .registry = flags.registry});
  settings.finish();
  require_same_job(flags, settings);
  const auto directory = run_directory(flags, run.folder);
  const bool leads = directory.has_value();
  Trainer trainer(task.parameters(), run.make_optimizer(),
                  {.epochs = run.epochs,
                   .checkpoint = {.directory = run.folder / "checkpoints",
                                  .every = run.every,
                                  .keep = run.keep,
                                  .resume = flags.resume,
                                  .identity = identity_of(task, settings),
                                  .circumstances = circumstances_of(settings, seed)},
                   .world = flags.world,
                   .exchange = exchange_of(flags)});
  RunFolder& report = trainer.add(RunFolder({.directory = run.folder, .config = settings.dump(), .locked = true}));
  if (run.plateau) trainer.add(ReduceLROnPlateau(run.plateau->options, run.plateau->monitor));
  if (run.early_stopping) trainer.add(EarlyStopping(*run.early_stopping));
  trainer.add(EpochPrinter(flags.json));
  Tape tape(DType::float32, seed);
  std::vector<std::pair<std::string, double>> scores;
  trainer.metrics = [&](const EpochReport&) {
    NamedNumbers metrics;
    for (std::size_t i = 1; i < scores.size(); ++i) metrics.emplace_back("valid_" + scores[i].first, scores[i].second);
    return metrics;
  };
  trainer.on_best = [&](const EpochReport&) { task.save(run.model_file(), settings.dump()); };
  trainer.on_epoch_begin = [&](Index) { task.reset_states(); };
  trainer.save_state = [&](TrainingState& state) { task.save_states(state); };
  trainer.load_state = [&](const TrainingState& state) {
    task.load_states(state, flags.world == nullptr ? Share() : flags.world->share());
  };
  const Trainer::Validation validation = [&] {
    scores = task.evaluate(tape, task.validation(), flags.world);
    return scores[0].second;
  };
  print_threads(flags.json);
  const auto loss = [&](Tape& t, const PaddedBatch& batch) {
    const auto [value, weight] = task.loss(t, batch);
    trainer.weigh(weight);
    return value;
  };
  const auto epochs = trainer.fit(tape, task.training(), loss, validation);
  if (trainer.interrupted_by() != 0) throw Interrupted(trainer.interrupted_by());
  if (!leads) return;
  const bool saved = std::ranges::any_of(epochs, [](const EpochReport& epoch) { return epoch.best; }) ||
                     (flags.resume && std::filesystem::exists(run.model_file()));
  require<Error>(saved || epochs.empty(), "no epoch had a finite validation loss, so that no model was saved");
  if (!saved) return;
  complete_report(report, task, run, seed);
  if (!flags.json) fmt::print("{} holds the model of the best epoch\n", run.model_file().string());
}

}  // namespace recur::tools
