// `recur export`: writes trained models for other programs.

#include "export.h"

#include <recur/framework/tensor/nearest_name.h>
#include <recur/interop/export.h>
#include <recur/io/npz.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "export_c.h"
#include "exported_model.h"
#include "fold_gains.h"
#include "task.h"
#include "trained.h"

namespace recur::tools {
namespace {

std::vector<std::string> write_arrays(const ExportJob& job) {
  NpzWriter writer(job.to);
  for (const NamedParameter& named : parameters(job.model))
    dispatch_real(named.parameter->dtype(),
                  [&]<class T>() { writer.add(named.path, named.parameter->value().as<T>()); });
  writer.commit();
  return {"holds the weights by their paths, not the model"};
}

// A writer of interop/export.h.
template <std::size_t place>
std::vector<std::string> write_model(const ExportJob& job) {
  return interop::export_formats()[place].write(job.to, job.model, job.description);
}

template <std::size_t... places>
std::vector<ExportFormat> all_formats(std::index_sequence<places...>) {
  const auto of_models = interop::export_formats();
  return {{"c", ".c .h", "one C99 file for microcontrollers and plugins", true, write_c},
          {"npz", ".npz", "the weights as NumPy arrays", false, write_arrays},
          {of_models[places].name, of_models[places].endings, of_models[places].description, false,
           write_model<places>}...};
}

// The first sequence of the validation data, or the beginning of it.
std::vector<float> first_steps(const Task& task, const Graph& graph, Index most) {
  const PaddedBatch batch = task.validation()[0];
  Index steps = batch.inputs.shape()[1];
  if (!batch.lengths.empty()) steps = batch.lengths[0];
  const Index width = graph.takes_ids() ? 1 : graph.features;
  const auto numbers = batch.inputs.values().first(static_cast<std::size_t>(std::min(steps, most) * width));
  return {numbers.begin(), numbers.end()};
}

// Of a model whose data the command loads as for training.
std::vector<std::string> write_trained(const Flags& flags, const ExportFormat& format, Trained& trained) {
  Task task = load_trained(flags, trained, {.data = format.wants_data, .one_stream = format.wants_data});
  interop::ModelDescription description;
  description.features = task.features();
  return format.write({flags, task.model(), description, flags.to,
                       [&](const Graph& graph, Index most) { return first_steps(task, graph, most); },
                       "validation data"});
}

// Of a model file that says all: its data are not needed.
std::vector<std::string> write_alone(const Flags& flags, const ExportFormat& format, Trained& trained) {
  ExportedModel own = load_exported(trained, flags);
  constexpr std::array<std::string_view, 4> with_gains = {"c", "onnx", "onnx-stateful", "aidax"};
  if (std::ranges::find(with_gains, format.name) == with_gains.end()) fold_gains(own);
  std::vector<std::string> notes = format.write(
      {flags, own.model, own.description, flags.to,
       [&](const Graph& graph, Index most) { return random_steps(own.description, graph, most); }, "random inputs"});
  notes.insert(notes.end(), own.notes.begin(), own.notes.end());
  return notes;
}

bool has_ending(std::string_view endings, const std::string& ending) {
  return !ending.empty() && (" " + std::string(endings) + " ").find(" " + ending + " ") != std::string::npos;
}

}  // namespace

std::span<const ExportFormat> export_formats() {
  static const std::vector<ExportFormat> formats =
      all_formats(std::make_index_sequence<interop::export_format_count>());
  return formats;
}

const ExportFormat& find_format(const std::string& name, const std::filesystem::path& file) {
  const std::string ending = file.extension().string();
  std::vector<std::string> names;
  for (const ExportFormat& format : export_formats()) {
    if (name.empty() ? has_ending(format.endings, ending) : format.name == name) return format;
    names.emplace_back(format.name);
  }
  if (name.empty())
    fail<UsageError>("--to: the ending of '{}' says no format; --as says one of {}", file.string(),
                     fmt::join(names, ", "));
  fail<UsageError>("--as: '{}' is not known{}; there are {}", name, did_you_mean(name, names), fmt::join(names, ", "));
}

std::string list_of_formats() {
  std::string list;
  for (const ExportFormat& format : export_formats())
    list += fmt::format("{}{} ({}): {}", list.empty() ? "" : "\n", format.name, format.endings, format.description);
  return list;
}

void export_model(const Flags& flags) {
  const ExportFormat& format = find_format(flags.as, flags.to);
  Trained trained = find_trained(flags);
  const std::vector<std::string> notes =
      stands_alone(trained) ? write_alone(flags, format, trained) : write_trained(flags, format, trained);
  if (flags.json) {
    fmt::print("{}\n", Settings::Json{{"output", flags.to}, {"format", format.name}, {"notes", notes}}.dump());
    return;
  }
  fmt::print("{}: {}\n", flags.to, format.description);
  for (const std::string& note : notes) fmt::print("  {}\n", note);
}

}  // namespace recur::tools
