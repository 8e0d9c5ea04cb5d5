// What is done with trained models.

#include <recur/io/atomic_file.h>
#include <recur/io/model_file.h>
#include <recur/io/npy.h>
#include <recur/io/standard_streams.h>
#include <recur/train/callbacks/epoch_printer.h>

#include <cstdio>

#include "commands.h"
#include "run.h"
#include "seed.h"

namespace recur::tools {
namespace {

/// A model file and all about it.
struct Trained {
  std::filesystem::path model;
  ModelNotes notes;
  Settings settings;
  std::uint64_t seed;
};

/// What the command line names: a config and the model of its run, the folder of a run, or a model file.
Trained find(const Flags& flags) {
  const std::filesystem::path file = flags.file;
  const bool folder = std::filesystem::is_directory(file);
  const bool config = !folder && file.extension() != ".safetensors";
  std::optional<Settings> settings;
  std::filesystem::path model = folder ? file / "model.safetensors" : file;
  if (config) {
    settings = Settings::load(file);
    for (const std::string& assignment : flags.set) settings->set(assignment);
    model = Run(*settings, file.stem().string()).model_file();
  }
  if (!flags.model.empty()) model = flags.model;
  ModelNotes notes = ModelNotes::load(model);
  if (!settings) {
    settings = Settings::parse(notes.config, model.string());
    for (const std::string& assignment : flags.set) settings->set(assignment);
    (void)Run(*settings, "");  // its keys are known, too
  }
  if (!flags.data.empty()) {
    const Settings::Json& data = settings->value("data");
    require<UsageError>(data.is_object() && data.contains("path"),
                        "--data: the data of this model is not one file; --set /data/validation='{{…}}' says which");
    settings->set("/data/validation=" + Settings::Json{{"path", flags.data}}.dump());
  }
  const std::uint64_t seed = read_seed(*settings, flags);
  return {std::move(model), std::move(notes), std::move(*settings), seed};
}

Task load(const Flags& flags, Trained& trained, Task::Options options) {
  options.registry = flags.registry;
  options.seed = trained.seed;
  options.notes = &trained.notes;
  options.training = false;
  Task task(trained.settings, options);
  trained.settings.finish();
  (void)load_parameters(trained.model, task.parameters());
  return task;
}

void print_sample(const Flags& flags) {
  Trained trained = find(flags);
  Task task = load(flags, trained, {.data = false});
  const std::string text = sample_text(task, flags.sample, Generator(trained.seed).fork("sample"));
  if (flags.json)
    fmt::print("{}\n", Settings::Json{{"text", text}}.dump(-1, ' ', false, Settings::Json::error_handler_t::replace));
  else fmt::print("{}\n", text);
}

}  // namespace

void evaluate(const Flags& flags) {
  Trained trained = find(flags);
  Task task = load(flags, trained, {});
  Tape tape;
  auto numbers = task.evaluate(tape, task.validation());
  if (const auto optimum = task.optimum()) numbers.emplace_back("least_possible_loss", *optimum);
  if (flags.json) return print_json_line(numbers);
  for (const auto& [name, value] : numbers) fmt::print("{} {:.6g}\n", name, value);
}

void predict(const Flags& flags) {
  if (flags.sample.count > 0) return print_sample(flags);
  Trained trained = find(flags);
  Task task = load(flags, trained, {.one_stream = true});
  Tape tape;
  const NoGradient inference(tape);
  const Source& data = task.validation();
  std::vector<float> numbers;
  Shape shape;
  for (Index i = 0; i < data.size(); ++i) {
    const Var prediction = task.predict(tape, data[i]);
    shape = prediction.shape();
    for (const double x : prediction.to_doubles()) numbers.push_back(static_cast<float>(x));
    tape.reset();
  }
  shape = shape.with(0, static_cast<Index>(numbers.size()) / shape.without(0).count());
  const std::filesystem::path output = flags.output;
  remove_stale_temporaries(output.has_parent_path() ? output.parent_path() : ".", output.filename().string());
  std::FILE* const report = standard_stream_of(output) == 1 ? stderr : stdout;  // not among the numbers
  save_npy(output, Tensor<float>(shape, numbers));
  if (flags.json)
    fmt::print(report, "{}\n", Settings::Json{{"output", flags.output}, {"count", numbers.size()}}.dump());
  else fmt::print(report, "{}: {}\n", flags.output, shape);
}

}  // namespace recur::tools
