#include <recur/train/tables/stepped_model.h>

#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/nearest_name.h>
#include <recur/io/safetensors.h>
#include <recur/train/model/saved_model.h>

#include <algorithm>
#include <cmath>

namespace recur {
namespace {

constexpr double not_set = std::numeric_limits<double>::quiet_NaN();

std::size_t find(const std::vector<std::string>& names, const std::string& name, const char* what) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) {
    std::string known;
    for (const std::string& one : names) known += (known.empty() ? "" : ", ") + one;
    fail<ValueError>("SteppedModel: there is no {} '{}'{}; there are {}", what, name, did_you_mean(name, names), known);
  }
  return static_cast<std::size_t>(found - names.begin());
}

const std::string& note(const Metadata& notes, const std::string& key, const std::filesystem::path& file) {
  const auto found = notes.find(key);
  require<FormatError>(found != notes.end(), "SteppedModel: '{}' has no {}: it was not trained on tables",
                       file.string(), key);
  return found->second;
}

}  // namespace

void SteppedModel::initialize(const std::filesystem::path& file, const SteppedModelOptions& options,
                              const Registry& registry) {
  SavedModel saved = load_model(file, registry);
  notes_ = TableModelNotes::from_json(note(saved.notes, "table", file));
  scaling_ = Scaling::from_json(note(saved.notes, "scaling", file));
  id_ = options.id;
  given_ = static_cast<std::size_t>(notes_.given);
  require_steppable();
  take_statics(options);
  take_start(options.start);
  const auto features = static_cast<Index>(scaling_.inputs().size() + statics_.size());
  inference_ = std::make_unique<Inference>(saved.model, features);
  reset();
}

void SteppedModel::require_steppable() const {
  for (const auto* columns : {&scaling_.inputs(), &scaling_.targets()})
    for (const ColumnScale& column : *columns)
      require<ValueError>(!column.of_windows(),
                          "SteppedModel: '{}' is scaled by its window, which a step does not have; train with another "
                          "scale",
                          column.name);
  require<ValueError>(notes_.season == 0,
                      "SteppedModel: the model forecasts differences from {} rows before, which a step does not have; "
                      "train without \"difference\"",
                      notes_.season);
}

void SteppedModel::take_statics(const SteppedModelOptions& options) {
  std::vector<std::string> names;
  for (const ColumnScale& column : scaling_.statics()) names.push_back(column.name);
  for (const auto& [name, value] : options.statics) (void)find(names, name, "static column");
  statics_.clear();
  for (const ColumnScale& column : scaling_.statics()) {
    const auto given = options.statics.find(column.name);
    const bool word = column.name.find('=') != std::string::npos;
    require<ValueError>(given != options.statics.end() || word, "SteppedModel: the static column '{}' is missing",
                        column.name);
    const double value = given == options.statics.end() ? 0 : given->second;
    statics_.push_back(std::isnan(value) ? 0.0F : static_cast<float>(column.apply(value, column.all)));
  }
}

void SteppedModel::take_start(const std::string& start) {
  require<ValueError>(!start.empty() || notes_.calendar.empty(),
                      "SteppedModel: the model looks at the calendar; say when the first step is (start)");
  start_ = 0;
  if (start.empty() || notes_.time_kind == TimeKind::none) return;
  const auto time = parse_time(start, notes_.time_kind);
  require<ValueError>(time.has_value(), "SteppedModel: '{}' is no {}", start,
                      notes_.time_kind == TimeKind::date ? "date as 2016-07-01" : "whole number");
  start_ = *time;
}

void SteppedModel::reset() {
  require<StateError>(inference_ != nullptr, "SteppedModel: initialize must be called first");
  inference_->reset();
  steps_ = 0;
  next_.assign(given_, not_set);
  last_.assign(given_, not_set);
  outputs_.assign(static_cast<std::size_t>(inference_->output_size()), 0.0F);
}

std::vector<std::string> SteppedModel::input_names() const {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < given_; ++c) names.push_back(scaling_.inputs()[c].name);
  return names;
}

std::vector<std::string> SteppedModel::output_names() const {
  std::vector<std::string> names;
  for (const TargetColumn& target : notes_.targets) names.push_back(target.name);
  return names;
}

std::size_t SteppedModel::input(const std::string& name) const { return find(input_names(), name, "input"); }
std::size_t SteppedModel::output(const std::string& name) const { return find(output_names(), name, "output"); }

std::string SteppedModel::units(const std::string& name) const { return notes_.targets[output(name)].unit; }

void SteppedModel::set_value(const std::string& name, double value) { next_[input(name)] = value; }

// The row that a window would have: inputs, calendar, masks and static columns, scaled.
void SteppedModel::write_row(std::vector<float>& row) const {
  for (std::size_t c = 0; c < given_; ++c) {
    const ColumnScale& column = scaling_.inputs()[c];
    const auto x = static_cast<float>(next_[c]);  // as tables hold it
    row.push_back(std::isnan(x) ? 0.0F : static_cast<float>(column.apply(x, column.of(id_))));
  }
  for (const std::string& feature : notes_.calendar)
    for (const float x : calendar_feature(feature, time_of_step(steps_))) row.push_back(x);
  for (std::size_t c = row.size(); c < scaling_.inputs().size(); ++c) {
    // A mask, "no rain", is that of a column, or of the first of a column's words.
    const std::string column = scaling_.inputs()[c].name.substr(3);
    const auto of = std::ranges::find_if(scaling_.inputs(), [&](const ColumnScale& one) {
      return one.name == column || one.name.starts_with(column + "=");
    });
    row.push_back(std::isnan(next_[static_cast<std::size_t>(of - scaling_.inputs().begin())]) ? 1.0F : 0.0F);
  }
  row.insert(row.end(), statics_.begin(), statics_.end());
}

void SteppedModel::update() {
  require<StateError>(inference_ != nullptr, "SteppedModel: initialize must be called first");
  for (std::size_t c = 0; c < given_; ++c) {
    if (!std::isnan(next_[c])) continue;
    if (notes_.missing == MissingInputs::previous) next_[c] = last_[c];
    const bool refused = notes_.missing == MissingInputs::refuse || notes_.missing == MissingInputs::previous;
    require<StateError>(!refused || !std::isnan(next_[c]),
                        "SteppedModel::update: the input '{}' is missing at step {}; set_value before each update",
                        scaling_.inputs()[c].name, steps_ + 1);
  }
  std::vector<float> row;
  write_row(row);
  inference_->step(std::span<const float>(row), outputs_);
  ++steps_;
  last_ = next_;
  std::ranges::fill(next_, not_set);
}

double SteppedModel::get_value(const std::string& name, Index ahead) const {
  const std::size_t target = output(name), targets = notes_.targets.size();
  require<StateError>(steps_ > 0, "SteppedModel::get_value: there was no update yet");
  const auto numbers = static_cast<std::size_t>(notes_.numbers);
  const std::size_t first = (static_cast<std::size_t>(std::max<Index>(ahead, 0)) * targets + target) * numbers;
  require<ValueError>(ahead >= 0 && first < outputs_.size(), "SteppedModel::get_value: row {} of {} ahead", ahead,
                      outputs_.size() / (targets * numbers));
  const ColumnScale& column = scaling_.targets()[target];
  return column.undo(static_cast<double>(outputs_[first + static_cast<std::size_t>(notes_.point)]), column.of(id_));
}

std::string SteppedModel::current_time() const {
  if (notes_.time_kind == TimeKind::none) return std::to_string(steps_);
  return format_time(time_of_step(steps_ - 1), notes_.time_kind, notes_.step % 86400 == 0);
}

void SteppedModel::save_state(const std::filesystem::path& file) const {
  require<StateError>(inference_ != nullptr, "SteppedModel: initialize must be called first");
  Tensor<float> states({inference_->state_size()});
  inference_->get_states(0, states.values());
  const Array all(std::move(states)), outputs(Tensor<float>({static_cast<Index>(outputs_.size())}, outputs_));
  const Array inputs(Tensor<double>({static_cast<Index>(last_.size())}, last_));
  const std::vector<NamedArray> arrays = {{"states", &all}, {"outputs", &outputs}, {"inputs", &inputs}};
  save_safetensors(file, arrays, {{"steps", std::to_string(steps_)}, {"start", std::to_string(start_)}});
}

void SteppedModel::load_state(const std::filesystem::path& file) {
  require<StateError>(inference_ != nullptr, "SteppedModel: initialize must be called first");
  const SafetensorsFile stored = load_safetensors(file);
  const auto numbers = [&](const std::string& name, std::size_t size) {
    const auto found = stored.arrays.find(name);
    require<FormatError>(found != stored.arrays.end() && static_cast<std::size_t>(found->second.size()) == size,
                         "SteppedModel::load_state: '{}' has not {} numbers of {}: it is of another model",
                         file.string(), size, name);
    return found->second.to_doubles();
  };
  const auto whole = [&](const std::string& key) {
    const auto found = stored.metadata.find(key);
    const auto value = found == stored.metadata.end() ? std::nullopt : parse_time(found->second, TimeKind::number);
    require<FormatError>(value.has_value(), "SteppedModel::load_state: '{}' has no {}", file.string(), key);
    return *value;
  };
  const auto states = numbers("states", static_cast<std::size_t>(inference_->state_size()));
  const auto outputs = numbers("outputs", outputs_.size());
  const auto inputs = numbers("inputs", given_);
  steps_ = whole("steps");
  start_ = whole("start");
  inference_->set_states(0, std::vector<float>(states.begin(), states.end()));
  outputs_.assign(outputs.begin(), outputs.end());
  last_ = inputs;
  std::ranges::fill(next_, not_set);
}

}  // namespace recur
