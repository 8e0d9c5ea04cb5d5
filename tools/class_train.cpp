// `recur train` of data of the kind `classification`.

#include <recur/io/model_file.h>
#include <recur/train/labels/linear_classifier.h>

#include <algorithm>

#include "class_commands.h"
#include "class_task.h"
#include "job.h"
#include "seed.h"

namespace recur::tools {
namespace {

/// The part that the scores are of.
struct JudgedWindows {
  std::string name = "test";
  std::vector<LabelWindow> windows;

  explicit JudgedWindows(const ClassTask& task) : windows(task.windows(Part::test)) {
    if (!windows.empty()) return;
    name = "valid";
    windows = task.windows(Part::validation);
  }
};

std::vector<EpochReport> fit_classes(ClassTask& task, const Job& job, Trainer& trainer, Tape& tape,
                                     const std::string& config) {
  ClassBatches batches = task.training();
  const std::vector<LabelWindow> held = task.windows(Part::validation);
  ClassTask::Numbers scores;
  trainer.metrics = [&](const EpochReport&) {
    NamedNumbers metrics;
    for (const auto& [name, value] : scores) metrics.emplace_back("valid_" + name, value);
    return metrics;
  };
  trainer.on_best = [&](const EpochReport&) { task.save(job.model_file(), config); };
  const Trainer::Validation validation = [&] {
    double mean = 0;
    scores = task.scores(task.decide(tape, held, &mean));
    return mean;
  };
  const auto loss = [&](Tape& t, const PaddedBatch& batch) {
    double count = 0;
    const Var value = task.loss(t, batch, count);
    trainer.weigh(count);
    return value;
  };
  return trainer.fit(tape, batches, loss, held.empty() ? Trainer::Validation() : validation);
}

/// Shares of each class by what it was taken for, with the counts.
HeatMap confusion_map(const ConfusionMatrix& confusion, const std::vector<std::string>& classes) {
  HeatMap map{.title = "Confusion matrix", .rows = {"class", classes}, .columns = {"taken for", classes}, .shares = {}};
  for (Index row = 0; row < confusion.classes(); ++row)
    for (Index column = 0; column < confusion.classes(); ++column) {
      const Index count = confusion.count(row, column);
      map.shares.push_back(static_cast<double>(count) /
                           static_cast<double>(std::max<Index>(1, confusion.targets(row))));
      map.texts.push_back(count > 0 ? std::to_string(count) : std::string());
    }
  return map;
}

/// What a linear model and the most frequent class reach.
void add_baselines(Job::Numbers& to, const ClassTask& task, const JudgedWindows& judged) {
  const ClassDecisions linear = linear_decisions(task.recordings(), task.windows(Part::training), judged.windows);
  to.emplace_back("linear_accuracy", class_score("accuracy", linear));
  to.emplace_back("linear_f1", class_score("f1", linear));
}

}  // namespace

void train_classes(const Flags& flags, Settings& settings) {
  const std::uint64_t seed = read_seed(settings, flags);
  const Run run = read_run(flags, settings);
  ClassTask task(settings, seed);
  settings.finish();
  require_same_job(flags, settings);
  const JudgedWindows judged(task);
  if (judged.windows.empty())
    settings.object("data").refuse("split", "neither the test nor the validation part has a recording");
  Job job({flags, settings, run, seed, task.identity()}, task.parameters());
  Tape tape(DType::float32, seed);
  job.fit([&](Trainer& trainer) { return fit_classes(task, job, trainer, tape, settings.dump()); });
  if (!job.leads()) return;
  (void)load_parameters(job.model_file(), task.parameters());
  const ClassDecisions decisions = task.decide(tape, judged.windows);
  Job::Numbers numbers;
  for (const auto& [name, value] : task.scores(decisions)) {
    numbers.emplace_back(judged.name + "_" + name, value);
    job.report().add_result(judged.name + " " + name, fmt::format("{:.4g}", value));
  }
  const ConfusionMatrix confusion = decisions.confusion();
  for (Index c = 0; c < confusion.classes(); ++c)
    numbers.emplace_back(fmt::format("{}_f1_{}", judged.name, task.recordings().classes[static_cast<std::size_t>(c)]),
                         confusion.f1(c));
  if (!task.settings().windows.every_step) add_baselines(numbers, task, judged);
  const std::string matrix = confusion.text(task.recordings().classes);
  job.report().add_map(confusion_map(confusion, task.recordings().classes));
  job.report().add_sample("Scores by class: rows are classes, columns what they were taken for", matrix);
  job.write_report();
  if (!flags.json) fmt::print("{}", matrix);
  job.print(numbers);
}

}  // namespace recur::tools
