// What is done with models of labelled recordings.

#include <recur/io/atomic_file.h>
#include <recur/io/model_file.h>
#include <recur/io/standard_streams.h>
#include <recur/train/callbacks/epoch_printer.h>

#include <cstdio>

#include "class_commands.h"
#include "class_task.h"
#include "job.h"

namespace recur::tools {
namespace {

ClassTask load_classes(const Flags& flags, const std::filesystem::path& model) {
  Settings settings = settings_of_model(flags, model);
  if (!flags.data.empty()) settings.set("/data/path=" + Settings::Json(flags.data).dump());
  const ClassNotes notes = ClassNotes::load(model);
  ClassTask task(settings, 0, &notes);
  settings.finish();
  (void)load_parameters(model, task.parameters());
  return task;
}

/// Windows of a part, by its name.
std::vector<LabelWindow> windows_of(const ClassTask& task, const std::string& part) {
  if (part == "training") return task.windows(Part::training);
  if (part == "validation") return task.windows(Part::validation);
  if (part == "test") return task.windows(Part::test);
  require<UsageError>(part == "all", "--part {}: there are training, validation, test and all", part);
  std::vector<LabelWindow> all;
  for (const Part one : {Part::training, Part::validation, Part::test}) {
    const auto own = task.windows(one);
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

/// A line for each window or, of every step, for each row.
std::string decisions_csv(const ClassTask& task, std::span<const LabelWindow> windows,
                          const ClassDecisions& decisions) {
  const auto& classes = task.recordings().classes;
  const bool every = task.settings().windows.every_step;
  std::string text = every ? "id,row,class" : "id,first,last,class";
  for (const std::string& name : classes) text += ",p_" + name;
  text += "\n";
  Index at = 0;
  for (const LabelWindow& window : windows) {
    const std::string& id = task.recordings().table.series[static_cast<std::size_t>(window.recording)].id;
    for (Index row = 0; row < (every ? window.rows : 1); ++row, ++at) {
      text += every ? fmt::format("{},{}", id, window.first + row)
                    : fmt::format("{},{},{}", id, window.first, window.first + window.rows - 1);
      text += "," + classes[static_cast<std::size_t>(decisions.best(at))];
      for (const double p : decisions.of(at)) text += fmt::format(",{:.6g}", p);
      text += "\n";
    }
  }
  return text;
}

}  // namespace

void evaluate_classes(const Flags& flags, const std::filesystem::path& model) {
  ClassTask task = load_classes(flags, model);
  std::string part = flags.part;
  if (part.empty()) part = task.windows(Part::test).empty() ? "validation" : "test";
  const auto windows = windows_of(task, part);
  require<UsageError>(!windows.empty(), "the {} part has no recordings; --part says which is meant", part);
  Tape tape;
  const ClassDecisions decisions = task.decide(tape, windows);
  const auto numbers = task.scores(decisions);
  if (flags.json) return print_json_line(numbers);
  fmt::print("{}", decisions.confusion().text(task.recordings().classes));
  for (const auto& [name, value] : numbers) fmt::print("{} {:.6g}\n", name, value);
}

void predict_classes(const Flags& flags, const std::filesystem::path& model) {
  const std::filesystem::path output = flags.output == Flags().output ? "predictions.csv" : flags.output;
  require<UsageError>(output.extension() != ".npy", "--output {}: classes are written as CSV", output.string());
  ClassTask task = load_classes(flags, model);
  const auto windows = windows_of(task, flags.part.empty() ? "all" : flags.part);
  require<UsageError>(!windows.empty(), "this part has no recordings; --part says which is meant");
  Tape tape;
  const ClassDecisions decisions = task.decide(tape, windows);
  std::FILE* const report = standard_stream_of(output) == 1 ? stderr : stdout;
  AtomicFile file(output);
  file.write(decisions_csv(task, windows, decisions));
  file.commit();
  if (flags.json)
    fmt::print(report, "{}\n", Settings::Json{{"output", output.string()}, {"count", windows.size()}}.dump());
  else fmt::print(report, "{}: {} windows\n", output.string(), windows.size());
}

}  // namespace recur::tools
