#include <recur/framework/threads/thread_count.h>
#include <recur/io/atomic_file.h>
#include <recur/io/model_file.h>
#include <recur/io/warning.h>
#include <recur/train/callbacks/epoch_printer.h>
#include <recur/train/callbacks/run_folder.h>
#include <recur/train/loop/sum_gradients.h>
#include <recur/train/loop/trainer.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <string_view>

#include "data_identity.h"
#include "run.h"
#include "run_directory.h"
#include "seed.h"
#include "table_commands.h"
#include "table_report.h"

namespace recur::tools {
namespace {

using Numbers = TableTask::Numbers;

/// One training of a model by one seed, in a folder.
struct Training {
  const Flags& flags;
  Settings& settings;
  const Run& run;
  std::filesystem::path folder;
  std::uint64_t seed;

  [[nodiscard]] std::filesystem::path model_file() const { return folder / "model.safetensors"; }
  [[nodiscard]] bool leads() const { return flags.world == nullptr || flags.world->leads(); }
  [[nodiscard]] CheckpointOptions checkpoint(const TableTask& task) const {
    Metadata identity = task.identity();
    identity["loss"] = settings.value("loss").dump();
    return {.directory = folder / "checkpoints",
            .every = run.every,
            .keep = run.keep,
            .resume = flags.resume,
            .identity = identity,
            .circumstances = {{"seed", std::to_string(seed)}, {"data", data_identity(settings.value("data"))}}};
  }
};

/// The part that the scores are of: the test part or, without one, the validation part.
struct Judged {
  const char* name;
  const TableWindows* windows;
  std::vector<WindowEnd> ends;

  explicit Judged(const TableTask& task) : name("test"), windows(&task.test_windows()), ends(task.test_ends()) {
    if (!ends.empty()) return;
    name = "valid";
    windows = &task.far_windows();
    ends = task.far_ends(Part::validation);
  }
};

/// Says which series have no score, because no window of theirs has a target in the part that is judged.
void say_unjudged(const TableTask& task, const Judged& judged) {
  std::set<Index> scored;
  for (const WindowEnd& end : judged.ends) scored.insert(end.series);
  const bool by_id = task.settings().split.value("by", std::string("time")) == "id";
  const Part part = judged.name == std::string_view("test") ? Part::test : Part::validation;
  const std::vector<Series>& series = judged.windows->table().series;
  std::vector<std::string> unjudged;
  for (std::size_t s = 0; s < series.size(); ++s) {
    // Of a split by ids most series belong to other parts.
    const bool wanted = !by_id || std::ranges::find(series[s].parts, part) != series[s].parts.end();
    if (wanted && !scored.contains(static_cast<Index>(s))) unjudged.push_back(series[s].id);
  }
  if (unjudged.empty()) return;
  fmt::print(stderr,
             "series {} {} no window of {} rows with a target in the {} part, and so no score: targets or rows are "
             "missing there\n",
             ids_text(unjudged), unjudged.size() == 1 ? "has" : "have", task.settings().windows.length,
             part == Part::test ? "test" : "validation");
}

void fit(TableTask& task, const Training& training, Trainer& trainer) {
  Tape tape(DType::float32, training.seed);
  TableBatches batches = task.training();
  if (!task.carrying().empty()) trainer.carry_states(task.carrying(), Trainer::EachEpoch::begins_with_zeros);
  const std::vector<WindowEnd> held = task.ends(Part::validation);
  Numbers scores;
  trainer.metrics = [&](const EpochReport&) {
    NamedNumbers metrics;
    for (const auto& [name, value] : scores) metrics.emplace_back("valid_" + name, value);
    return metrics;
  };
  trainer.on_best = [&](const EpochReport&) { task.save(training.model_file(), training.settings.dump()); };
  const Trainer::Validation validation = [&] {
    double mean = 0;
    scores = task.scores(task.forecast(tape, task.windows(), held, &mean), false);
    return mean;
  };
  const auto loss = [&](Tape& t, const TableSteps& batch) {
    double count = 0;
    const Var value = task.loss(t, batch, count);
    trainer.weigh(count);
    return value;
  };
  const auto epochs = trainer.fit(tape, batches, loss, held.empty() ? Trainer::Validation() : validation);
  if (trainer.interrupted_by() != 0) throw Interrupted(trainer.interrupted_by());
  const bool saved = std::ranges::any_of(epochs, [](const EpochReport& epoch) { return epoch.best; });
  require<Error>(saved || !training.leads() || std::filesystem::exists(training.model_file()),
                 "no epoch had a finite loss, so that no model was saved");
}

void complete_report(RunFolder& report, const TableTask& task, const Judged& judged,
                     const std::vector<Forecast>& forecasts) {
  for (const auto& [name, value] : task.scores(forecasts))
    report.add_result(fmt::format("{} {}", judged.name, name), fmt::format("{:.4g}", value));
  for (LinePlot& plot : forecast_plots(task, *judged.windows, forecasts)) report.add_plot(std::move(plot));
  try {
    report.write();
    AtomicFile scores(report.directory() / "scores.csv");
    scores.write(scores_csv(task, *judged.windows, forecasts));
    scores.commit();
  } catch (const FormatError& error) {
    warn("{}", error.what());
  }
}

/// Trains, and returns what the best model forecasts for the part that is judged.
std::vector<Forecast> train_once(TableTask& task, const Training& training, const Judged& judged) {
  const auto directory = run_directory(training.flags, training.folder);
  Trainer trainer(task.parameters(), training.run.make_optimizer(),
                  {.epochs = training.run.epochs,
                   .checkpoint = training.checkpoint(task),
                   .world = training.flags.world,
                   .exchange = exchange_of(training.flags)});
  RunFolder& report =
      trainer.add(RunFolder({.directory = training.folder, .config = training.settings.dump(), .locked = true}));
  if (training.run.plateau)
    trainer.add(ReduceLROnPlateau(training.run.plateau->options, training.run.plateau->monitor));
  if (training.run.early_stopping) trainer.add(EarlyStopping(*training.run.early_stopping));
  trainer.add(EpochPrinter(training.flags.json));
  fit(task, training, trainer);
  if (training.leads()) (void)load_parameters(training.model_file(), task.parameters());
  if (training.flags.world != nullptr) broadcast_values(*training.flags.world, task.parameters());
  Tape tape(DType::float32, training.seed);
  std::vector<Forecast> forecasts = task.forecast(tape, *judged.windows, judged.ends);
  if (training.leads()) complete_report(report, task, judged, forecasts);
  return forecasts;
}

double number_of(const Numbers& numbers, const std::string& name) {
  const auto found = std::ranges::find(numbers, name, &Numbers::value_type::first);
  return found == numbers.end() ? std::nan("") : found->second;
}

/// The scores of the mean of the members' forecasts, the mean of their scores, and what arithmetic scores.
Numbers scores_of(const TableTask& task, const Judged& judged, std::span<const std::vector<Forecast>> members) {
  const std::vector<Forecast> forecasts = mean_of(members);
  const Numbers scores = task.scores(forecasts);
  Numbers line;
  for (const auto& [name, value] : scores) line.emplace_back(fmt::format("{}_{}", judged.name, name), value);
  if (members.size() > 1) {
    std::vector<Numbers> each;
    for (const auto& member : members) each.push_back(task.scores(member));
    for (const auto& [name, value] : scores) {
      double sum = 0;
      for (const Numbers& own : each) sum += number_of(own, name) / static_cast<double>(members.size());
      line.emplace_back("mean_of_seeds_" + name, sum);
    }
  }
  for (const std::string& name : task.baselines())
    for (const auto& [metric, value] : task.scores(task.baseline(name, forecasts, *judged.windows)))
      line.emplace_back(fmt::format("{}_{}", name, metric), value);
  return line;
}

void print_line(const Flags& flags, const Numbers& line) {
  if (flags.json) return print_json_line(line);
  for (const auto& [name, value] : line) fmt::print("{:<32} {:.5g}\n", name, value);
}

/// Says how many threads may be used, as the first line on standard output.
void print_threads(const Flags& flags) {
  if (!flags.json) fmt::print("training on {} thread{}\n", threads(), threads() == 1 ? "" : "s");
  else fmt::print("{{\"threads\":{}}}\n", threads());
  std::fflush(stdout);
}

/// Trains what a config describes, a model for each seed, and returns the scores.
/// @param first whether nothing was trained before
Numbers train_config(const Flags& flags, Settings& settings, bool first) {
  const std::uint64_t seed = read_seed(settings, flags);
  const Run run(settings, std::filesystem::path(flags.file).stem().string());
  const auto seeds = static_cast<std::uint64_t>(settings.integer("seeds", 1, 1));
  TableTask task(settings, seed, flags.registry);
  settings.finish();
  require_same_job(flags, settings);
  const Judged judged(task);
  if (judged.ends.empty()) (void)task.training();
  require<UsageError>(!judged.ends.empty(),
                      "{}: /data/split: neither the test nor the validation part has a window of {} rows "
                      "with a target{}",
                      flags.file, task.settings().windows.length,
                      task.settings().source.gaps == TimeGaps::divide
                          ? "; \"gaps\": \"divide\" lets none cross missing times, \"fill\" adds these"
                          : "");
  if (first) print_threads(flags);
  if (flags.world == nullptr || flags.world->leads()) say_unjudged(task, judged);
  std::vector<std::vector<Forecast>> members;
  for (std::uint64_t i = 0; i < seeds; ++i) {
    if (i > 0) task.restart(settings, seed + i);
    const auto folder = seeds == 1 ? run.folder : run.folder / fmt::format("seed-{}", seed + i);
    members.push_back(train_once(task, {flags, settings, run, folder, seed + i}, judged));
  }
  if (!flags.json)
    fmt::print("{} holds the model of the best epoch\n",
               (seeds == 1 ? run.model_file() : run.folder / "seed-*" / "model.safetensors").string());
  return scores_of(task, judged, members);
}

/// Of a split by rolling origin that names no fold: the number of folds; 0 otherwise.
long folds_of(Settings& settings) {
  Settings data = settings.object("data");
  if (!data.has_object("split")) return 0;
  Settings split = data.object("split");
  return split.has("folds") && !split.has("fold") ? split.integer("folds", 1, 1) : 0;
}

/// Trains a model for each fold; the scores are the mean of the folds.
Numbers train_folds(const Flags& flags, const Settings& settings, long folds) {
  Settings all = settings;
  const auto folder = Run(all, std::filesystem::path(flags.file).stem().string()).folder;
  Numbers mean;
  for (long fold = 0; fold < folds; ++fold) {
    Settings one = settings;
    one.set(fmt::format("/data/split/fold={}", fold));
    one.set("/run=" + Settings::Json((folder / fmt::format("fold-{}", fold)).string()).dump());
    Numbers line = train_config(flags, one, fold == 0);
    if (mean.empty())
      for (const auto& [name, value] : line) mean.emplace_back(name, 0);
    for (auto& [name, value] : mean) value += number_of(line, name) / static_cast<double>(folds);
    line.insert(line.begin(), {"fold", static_cast<double>(fold)});
    print_line(flags, line);
  }
  return mean;
}

}  // namespace

void train_table(const Flags& flags, Settings& settings) {
  const long folds = folds_of(settings);
  print_line(flags, folds > 0 ? train_folds(flags, settings, folds) : train_config(flags, settings, true));
}

}  // namespace recur::tools
