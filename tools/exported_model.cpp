#include "exported_model.h"

#include <recur/framework/tensor/random.h>
#include <recur/io/model_file.h>
#include <recur/layers/dense.h>
#include <recur/train/tables/scaling.h>

#include <fmt/ranges.h>

#include <cmath>
#include <cstdlib>

#include "class_task.h"
#include "data_kind.h"
#include "outputs.h"
#include "table_loss.h"
#include "table_settings.h"

namespace recur::tools {
namespace {

double number_of(const Metadata& notes, const std::string& key, double otherwise) {
  const auto at = notes.find(key);
  return at == notes.end() ? otherwise : std::strtod(at->second.c_str(), nullptr);
}

// Of each stateful layer a list of states, as `recur import` writes them.
std::vector<std::vector<Array>> states_of(const std::string& text) {
  std::vector<std::vector<Array>> states;
  for (const auto& layer : Settings::Json::parse(text).get<std::vector<std::vector<std::vector<double>>>>()) {
    states.emplace_back();
    for (const std::vector<double>& numbers : layer) {
      states.back().emplace_back(Shape{static_cast<Index>(numbers.size())}, DType::float32);
      states.back().back().assign(numbers);
    }
  }
  return states;
}

Affine scale_of(const ColumnScale& column, const char* what) {
  require<ValueError>(!column.of_windows(),
                      "export: the {} '{}' is scaled by the numbers of each window, which a file that takes step after "
                      "step does not know; train with another scale",
                      what, column.name);
  if (column.kind != ScaleKind::series) return column.all;
  require<ValueError>(
      column.series.size() <= 1,
      "export: the {} '{}' has a scale for each of {} series, and a file for all of them has none; train "
      "with another scale",
      what, column.name, column.series.size());
  return column.series.empty() ? column.all : column.series.begin()->second;
}

void add_scale(interop::ColumnScales& to, const ColumnScale& column, const char* what) {
  const Affine scale = scale_of(column, what);
  to.add(scale.offset, scale.factor, column.kind == ScaleKind::log);
}

// Of the numbers that a loss has for each target only the forecast itself goes on.
void choose_points(Sequential& model, Index targets, const TableLoss& loss) {
  Dense chosen(targets, {.use_bias = false});
  Builder builder(targets * loss.numbers(), DType::float32, Generator(0));
  chosen.build(builder);
  std::vector<double> kernel(static_cast<std::size_t>(targets * loss.numbers() * targets), 0.0);
  for (Index t = 0; t < targets; ++t)
    kernel[static_cast<std::size_t>((t * loss.numbers() + static_cast<Index>(loss.point_index())) * targets + t)] = 1;
  ParameterVisitor visitor;
  chosen.visit(visitor);
  visitor.take().front().parameter->edit().assign(kernel);
  std::vector<AnyLayer> layers = std::move(model.layers());
  layers.emplace_back(std::move(chosen));
  layers.back().common.name = "forecasts";
  model = Sequential(std::move(layers));
}

void add_table(ExportedModel& to, Settings& settings, const std::string& scaling) {
  const TableSettings table = TableSettings::read(settings.object("data"));
  const TableLoss loss(settings);
  const Scaling scales = Scaling::from_json(scaling);
  require<ValueError>(table.windows.season == 0,
                      "export: the targets are differences from a season before, which a file does not know");
  std::vector<std::string> names;
  for (const auto* columns : {&scales.inputs(), &scales.statics()})
    for (const ColumnScale& column : *columns) {
      add_scale(to.description.path.inputs, column, "input");
      names.push_back(column.name);
    }
  const Index steps = table.windows.every_step || table.windows.horizon == 0 ? 1 : table.windows.horizon;
  const Index targets = steps * static_cast<Index>(scales.targets().size());
  if (loss.numbers() > 1) {
    choose_points(to.model, targets, loss);
    to.notes.emplace_back("the forecasts are in the file, not their quantiles");
  }
  std::vector<std::string> outputs;
  for (Index step = 0; step < steps; ++step)
    for (const ColumnScale& column : scales.targets()) {
      add_scale(to.description.path.outputs, column, "target");
      if (step == 0) outputs.push_back(column.name);
    }
  to.notes.push_back(fmt::format("inputs in the units of the table: {}; a missing number is the column's mean",
                                 fmt::join(names, ", ")));
  to.notes.push_back(fmt::format(
      "outputs: {}{}{}", fmt::join(outputs, ", "), steps > 1 ? fmt::format(" of {} steps ahead", steps) : "",
      table.windows.every_step ? "" : fmt::format("; begin each {} rows anew", table.windows.length)));
}

void add_classes(ExportedModel& to, Settings& settings, const ClassNotes& notes) {
  const ClassSettings classes = ClassSettings::read(settings.object("data"));
  std::vector<std::string> names;
  for (const ColumnScale& column : notes.scaling.inputs()) {
    if (!classes.by_recording) add_scale(to.description.path.inputs, column, "input");
    names.push_back(column.name);
  }
  to.notes.push_back(
      fmt::format("inputs {}: {}",
                  classes.by_recording ? "scaled before, by \"scale\": \"recording\"" : "in the units of the files",
                  fmt::join(names, ", ")));
  to.notes.push_back(fmt::format("outputs: {}", fmt::join(notes.classes, ", ")));
}

}  // namespace

bool stands_alone(const Trained& trained) {
  const DataKind kind = data_kind(trained.settings);
  return kind == DataKind::table || kind == DataKind::audio || kind == DataKind::classification ||
         load_model_file(trained.model).metadata.contains("imported_from");
}

ExportedModel load_exported(Trained& trained, const Flags& flags) {
  const Metadata notes = load_model_file(trained.model).metadata;
  require<FormatError>(notes.contains("model"), "'{}' has no model in it: it was not written by recur train",
                       trained.model.string());
  const AnyLayer whole = layer_of(Settings::Json::parse(notes.at("model")), flags.registry);
  require<FormatError>(whole->class_name() == Sequential::class_name, "'{}' holds a {}, not a Sequential",
                       trained.model.string(), whole->class_name());
  ExportedModel result{Sequential(std::move(whole.as<Sequential>().layers())), {}, {}};
  interop::ModelDescription& description = result.description;
  description.features = trained.notes.features;
  Builder builder(description.features, DType::float32, Generator(0));
  result.model.build(builder);
  (void)load_parameters(trained.model, parameters(result.model));
  description.sample_rate = number_of(notes, "sample_rate", 0);
  description.path.skip = static_cast<Index>(number_of(notes, "skip", 0));
  description.path.input_gain = number_of(notes, "input_gain", 1);
  description.path.output_gain = number_of(notes, "output_gain", 1);
  if (const auto states = notes.find("states"); states != notes.end()) description.states = states_of(states->second);
  if (data_kind(trained.settings) == DataKind::classification)
    add_classes(result, trained.settings, ClassNotes::load(trained.model));
  else if (const auto scaling = notes.find("scaling"); scaling != notes.end())
    add_table(result, trained.settings, scaling->second);
  return result;
}

std::vector<float> random_steps(const interop::ModelDescription& description, const Graph& graph, Index steps) {
  Generator generator(23);
  std::vector<float> numbers;
  const Index width = graph.takes_ids() ? 1 : graph.features;
  const interop::ColumnScales& scales = description.path.inputs;
  for (Index i = 0; i < steps * width; ++i) {
    if (graph.takes_ids()) {
      numbers.push_back(static_cast<float>(std::floor(generator.uniform() * static_cast<double>(graph.id_count()))));
      continue;
    }
    double x = generator.normal() / 2;
    if (!scales.empty()) {
      const auto column = static_cast<std::size_t>(i % width);
      x = scales.offset[column] + scales.factor[column] * x;
      if (scales.logarithm[column]) x = std::expm1(x);
    }
    numbers.push_back(static_cast<float>(x));
  }
  return numbers;
}

}  // namespace recur::tools
