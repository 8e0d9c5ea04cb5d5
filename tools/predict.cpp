// Commands that use a trained model: eval and predict.

#include <recur/io/atomic_file.h>
#include <recur/io/npy.h>
#include <recur/io/standard_streams.h>
#include <recur/train/callbacks/epoch_printer.h>

#include <algorithm>
#include <cstdio>

#include "audio_commands.h"
#include "class_commands.h"
#include "commands.h"
#include "data_kind.h"
#include "imported_sound.h"
#include "run.h"
#include "table_commands.h"
#include "trained.h"

namespace recur::tools {
namespace {

/// The model that the command line names, and the kind of data that it was trained on.
struct NamedModel {
  DataKind kind;
  std::filesystem::path path{};
};

NamedModel named_model(const Flags& flags) {
  const auto of = [](const std::filesystem::path& model) { return NamedModel{data_kind_of_model(model), model}; };
  const std::filesystem::path file = flags.file;
  if (!flags.model.empty()) return of(flags.model);
  if (file.extension() == ".safetensors") return of(file);
  if (std::filesystem::is_directory(file)) return of(file / "model.safetensors");
  Settings settings = Settings::load(file);
  for (const std::string& assignment : flags.set) settings.set(assignment);
  const DataKind kind = data_kind(settings);
  if (kind == DataKind::other) return {kind};
  return {kind, Run(settings, file.stem().string()).model_file()};
}

void print_sample(const Flags& flags) {
  Trained trained = find_trained(flags);
  Task task = load_trained(flags, trained, {.data = false});
  const std::string text = sample_text(task, flags.sample, Generator(trained.seed).fork("sample"));
  if (flags.json)
    fmt::print("{}\n", Settings::Json{{"text", text}}.dump(-1, ' ', false, Settings::Json::error_handler_t::replace));
  else fmt::print("{}\n", text);
}

Tensor<float> predict_numbers(Task& task) {
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
  return {shape.with(0, static_cast<Index>(numbers.size()) / shape.without(0).count()), numbers};
}

// A row for each sequence, zeros behind its labels.
Tensor<float> read_labels(Task& task) {
  Tape tape;
  const NoGradient inference(tape);
  const Source& data = task.validation();
  std::vector<std::vector<std::int32_t>> lists;
  std::size_t most = 1;
  for (Index i = 0; i < data.size(); ++i) {
    for (auto& labels : task.read(tape, data[i])) {
      most = std::max(most, labels.size());
      lists.push_back(std::move(labels));
    }
    tape.reset();
  }
  Tensor<float> rows({static_cast<Index>(lists.size()), static_cast<Index>(most)});
  for (std::size_t i = 0; i < lists.size(); ++i)
    for (std::size_t j = 0; j < lists[i].size(); ++j)
      rows(static_cast<Index>(i), static_cast<Index>(j)) = static_cast<float>(lists[i][j]);
  return rows;
}

}  // namespace

void evaluate(const Flags& flags) {
  const NamedModel named = named_model(flags);
  if (named.kind == DataKind::table) return evaluate_table(flags, named.path);
  if (named.kind == DataKind::audio) return evaluate_audio(flags, named.path);
  if (named.kind == DataKind::classification) return evaluate_classes(flags, named.path);
  Trained trained = find_trained(flags);
  Task task = load_trained(flags, trained, {});
  Tape tape;
  auto numbers = task.evaluate(tape, task.validation());
  if (const auto optimum = task.optimum()) numbers.emplace_back("least_possible_loss", *optimum);
  if (flags.json) return print_json_line(numbers);
  for (const auto& [name, value] : numbers) fmt::print("{} {:.6g}\n", name, value);
}

void predict(const Flags& flags) {
  if (flags.sample.count > 0) return print_sample(flags);
  const NamedModel named = named_model(flags);
  if (named.kind == DataKind::table) return predict_table(flags, named.path);
  if (named.kind == DataKind::audio) return predict_audio(flags, named.path);
  if (named.kind == DataKind::classification) return predict_classes(flags, named.path);
  const std::filesystem::path model = named.path.empty() ? std::filesystem::path(flags.file) : named.path;
  if (is_sound_for_imported(flags, model)) return predict_imported_sound(flags);
  Trained trained = find_trained(flags);
  Task task = load_trained(flags, trained, {.one_stream = true});
  const Tensor<float> predictions = task.reads_labels() ? read_labels(task) : predict_numbers(task);
  const std::filesystem::path output = flags.output;
  remove_stale_temporaries(output.has_parent_path() ? output.parent_path() : ".", output.filename().string());
  std::FILE* const report = standard_stream_of(output) == 1 ? stderr : stdout;  // not among the numbers
  save_npy(output, predictions);
  if (flags.json)
    fmt::print(report, "{}\n", Settings::Json{{"output", flags.output}, {"count", predictions.size()}}.dump());
  else fmt::print(report, "{}: {}\n", flags.output, predictions.shape());
}

}  // namespace recur::tools
