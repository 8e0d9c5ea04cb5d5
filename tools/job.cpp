#include "job.h"

#include <recur/framework/threads/thread_count.h>
#include <recur/io/model_file.h>
#include <recur/io/warning.h>
#include <recur/train/callbacks/epoch_printer.h>

#include <algorithm>
#include <cstdio>

#include "data_identity.h"

namespace recur::tools {
namespace {

TrainerOptions trainer_options(const Job::Options& options) {
  Metadata identity = options.identity;
  identity["loss"] = options.settings.value("loss").dump();
  Metadata circumstances{{"seed", std::to_string(options.seed)},
                         {"data", data_identity(options.settings.value("data"))}};
  for (const char* key : {"batch", "early_stopping", "reduce_on_plateau"})
    circumstances[key] = options.settings.has(key) ? options.settings.value(key).dump() : "as by default";
  return {.epochs = options.run.epochs,
          .checkpoint = {.directory = options.run.folder / "checkpoints",
                         .every = options.run.every,
                         .keep = options.run.keep,
                         .resume = options.flags.resume,
                         .identity = std::move(identity),
                         .circumstances = std::move(circumstances)},
          .world = options.flags.world,
          .exchange = exchange_of(options.flags)};
}

}  // namespace

Job::Job(Options options, std::vector<NamedParameter> parameters)
    : options_(std::move(options)),
      directory_(run_directory(options_.flags, options_.run.folder)),
      trainer_(std::move(parameters), options_.run.make_optimizer(), trainer_options(options_)) {
  const Run& run = options_.run;
  report_ = &trainer_.add(RunFolder({.directory = run.folder, .config = options_.settings.dump(), .locked = true}));
  if (run.plateau) trainer_.add(ReduceLROnPlateau(run.plateau->options, run.plateau->monitor));
  if (run.early_stopping) trainer_.add(EarlyStopping(*run.early_stopping));
  trainer_.add(EpochPrinter(options_.flags.json));
}

void Job::fit(const std::function<std::vector<EpochReport>(Trainer&)>& fit) {
  if (options_.flags.json) fmt::print("{{\"threads\":{}}}\n", threads());
  else fmt::print("training on {} thread{}\n", threads(), threads() == 1 ? "" : "s");
  std::fflush(stdout);
  const auto epochs = fit(trainer_);
  if (trainer_.interrupted_by() != 0) throw Interrupted(trainer_.interrupted_by());
  const bool saved = std::ranges::any_of(epochs, [](const EpochReport& epoch) { return epoch.best; });
  require<Error>(saved || !leads() || std::filesystem::exists(model_file()),
                 "no epoch had a finite validation loss, so that no model was saved");
}

void Job::write_report() const {
  try {
    report_->write();
  } catch (const FormatError& error) {
    warn("{}", error.what());
  }
}

void Job::print(const Numbers& scores) const {
  if (options_.flags.json) return print_json_line(scores);
  for (const auto& [name, value] : scores) fmt::print("{:<32} {:.5g}\n", name, value);
  fmt::print("{} holds the model of the best epoch\n", model_file().string());
}

Run read_run(const Flags& flags, Settings& settings) {
  return {settings, std::filesystem::path(flags.file).stem().string()};
}

Settings settings_of_model(const Flags& flags, const std::filesystem::path& model) {
  const Metadata notes = load_model_file(model).metadata;
  const auto config = notes.find("config");
  require<FormatError>(config != notes.end(), "'{}' has no config in it: it was not written by recur train",
                       model.string());
  Settings settings = Settings::parse(config->second, model.string());
  for (const std::string& assignment : flags.set) settings.set(assignment);
  (void)Run(settings, "");
  (void)settings.integer("seed", 0, 0);
  return settings;
}

}  // namespace recur::tools
