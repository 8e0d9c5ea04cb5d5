// What is done with models that were trained on tables.

#include <recur/io/atomic_file.h>
#include <recur/io/model_file.h>
#include <recur/io/standard_streams.h>
#include <recur/train/callbacks/epoch_printer.h>
#include <recur/train/tables/split_table.h>

#include <algorithm>
#include <cstdio>

#include "run.h"
#include "table_commands.h"
#include "table_report.h"

namespace recur::tools {
namespace {

/// The model files of a run: one, or one for each seed.
std::vector<std::filesystem::path> models_of(const std::filesystem::path& model) {
  if (std::filesystem::exists(model)) return {model};
  std::vector<std::filesystem::path> models;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(model.parent_path(), error))
    if (entry.path().filename().string().starts_with("seed-") &&
        std::filesystem::exists(entry.path() / model.filename()))
      models.push_back(entry.path() / model.filename());
  std::ranges::sort(models);
  require<UsageError>(!models.empty(), "there is no model '{}'", model.string());
  return models;
}

/// What is to be forecast.
struct Wanted {
  const TableWindows* windows;
  std::vector<WindowEnd> ends;
};

Wanted wanted_of(const TableTask& task, const std::string& part) {
  if (part == "test") return {&task.test_windows(), task.test_ends()};
  if (part == "training") return {&task.far_windows(), task.far_ends(Part::training)};
  if (part == "validation") return {&task.far_windows(), task.far_ends(Part::validation)};
  const bool other = task.settings().windows.horizon == 0;  // files to test on, unless they go on with the others
  const TableWindows& windows = other ? task.test_windows() : task.far_windows();
  return {&windows, part == "all" ? windows.all() : windows.last()};
}

struct Loaded {
  std::vector<std::filesystem::path> models;
  std::unique_ptr<TableTask> task;
};

Loaded load(const Flags& flags, const std::filesystem::path& model) {
  Loaded loaded{models_of(model), nullptr};
  const TableNotes notes = TableNotes::load(loaded.models[0]);
  Settings settings = Settings::parse(notes.config, loaded.models[0].string());
  for (const std::string& assignment : flags.set) settings.set(assignment);
  if (!flags.data.empty()) {
    settings.set("/data/path=" + Settings::Json(flags.data).dump());
    settings.remove("/data/test");
  }
  (void)Run(settings, "");
  (void)settings.integer("seeds", 1, 1);
  (void)settings.integer("seed", 0, 0);
  loaded.task = std::make_unique<TableTask>(settings, 0, flags.registry, &notes);
  settings.finish();
  return loaded;
}

std::vector<std::vector<Forecast>> forecasts_of(const Loaded& loaded, const Wanted& wanted) {
  std::vector<std::vector<Forecast>> members;
  Tape tape;
  for (const auto& model : loaded.models) {
    (void)load_parameters(model, loaded.task->parameters());
    members.push_back(loaded.task->forecast(tape, *wanted.windows, wanted.ends));
  }
  return members;
}

}  // namespace

bool is_table_model(const std::filesystem::path& model) {
  if (std::filesystem::exists(model)) return load_model_file(model).metadata.contains("scaling");
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(model.parent_path(), error))
    if (entry.path().filename().string().starts_with("seed-")) return true;
  return false;
}

void evaluate_table(const Flags& flags, const std::filesystem::path& model) {
  const Loaded loaded = load(flags, model);
  Wanted wanted = wanted_of(*loaded.task, flags.part.empty() ? "test" : flags.part);
  if (wanted.ends.empty() && flags.part.empty()) wanted = wanted_of(*loaded.task, "validation");
  require<UsageError>(!wanted.ends.empty(), "this part has no window with a target; --part says which is meant");
  const auto numbers = loaded.task->scores(mean_of(forecasts_of(loaded, wanted)));
  if (flags.json) return print_json_line(numbers);
  for (const auto& [name, value] : numbers) fmt::print("{} {:.6g}\n", name, value);
}

void predict_table(const Flags& flags, const std::filesystem::path& model) {
  const std::filesystem::path output = flags.output == "predictions.npy" ? "predictions.csv" : flags.output;
  require<UsageError>(output.extension() != ".npy", "--output {}: forecasts of tables are written as CSV",
                      output.string());
  const Loaded loaded = load(flags, model);
  const Wanted wanted = wanted_of(*loaded.task, flags.part.empty() ? "last" : flags.part);
  require<UsageError>(!wanted.ends.empty(),
                      "there is no window of {} rows in this part; --part last, all, training, "
                      "validation or test says which is meant",
                      loaded.task->settings().windows.length);
  const auto members = forecasts_of(loaded, wanted);
  const std::vector<Forecast> forecasts = mean_of(members);
  std::FILE* const report = standard_stream_of(output) == 1 ? stderr : stdout;
  AtomicFile file(output);
  file.write(forecasts_csv(*loaded.task, *wanted.windows, forecasts, members));
  file.commit();
  if (flags.json)
    fmt::print(report, "{}\n", Settings::Json{{"output", output.string()}, {"count", wanted.ends.size()}}.dump());
  else
    fmt::print(report, "{}: {} forecast{}\n", output.string(), wanted.ends.size(), wanted.ends.size() == 1 ? "" : "s");
}

}  // namespace recur::tools
