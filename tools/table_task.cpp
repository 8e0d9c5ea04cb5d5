#include "table_task.h"

#include <recur/framework/ops/split.h>
#include <recur/framework/tensor/nearest_name.h>
#include <recur/io/model_file.h>
#include <recur/layers/config/config.h>
#include <recur/layers/regularizers.h>
#include <recur/train/tables/growing_windows.h>
#include <recur/train/tables/split_table.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "outputs.h"

namespace recur::tools {

TableNotes TableNotes::load(const std::filesystem::path& file) {
  const Metadata notes = load_model_file(file).metadata;
  for (const char* key : {"config", "scaling", "categories"})
    require<FormatError>(notes.contains(key), "'{}' has no {} in it: it was not trained on tables", file.string(), key);
  TableNotes result{.config = notes.at("config"), .scaling = Scaling::from_json(notes.at("scaling"))};
  if (const auto table = notes.find("table"); table != notes.end())
    result.ids = TableModelNotes::from_json(table->second).ids;
  result.categories = Settings::Json::parse(notes.at("categories")).get<decltype(result.categories)>();
  return result;
}

std::string ids_text(std::span<const std::string> ids) {
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, ids.size()); ++i) text += (i > 0 ? ", '" : "'") + ids[i] + "'";
  return ids.size() > most ? text + fmt::format(" and {} more", ids.size() - most) : text;
}

std::vector<std::string> read_scores(Settings& settings) {
  std::vector<std::string> names = settings.texts("metrics");
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::ranges::find(score_names(), names[i]) == score_names().end())
      settings.refuse_name(fmt::format("metrics/{}", i), names[i], score_names());
  if (names.empty()) names = {"rmse", "mae"};
  return names;
}

TableTask::TableTask(Settings& settings, std::uint64_t seed, const Registry* registry, const TableNotes* notes)
    : registry_(registry),
      settings_(TableSettings::read(settings.object("data"))),
      loss_(settings),
      metrics_(read_scores(settings)),
      batch_(settings.integer("batch", 32, 1)) {
  if (notes != nullptr) {
    settings_.source.categories = notes->categories;
    settings_.source.targets_needed = false;
  }
  read_tables(settings, notes);
  build(settings, seed);
  check(settings);
}

SeriesTable TableTask::read(Settings& settings, const char* key, TableSource& source) const {
  Settings data = settings.object("data");
  return data.about(key, [&] {
    SeriesTable table = read_series(source);
    for (const Series& one : table.series) require<ValueError>(one.rows() > 0, "series '{}' has no rows", one.id);
    return table;
  });
}

void TableTask::read_tables(Settings& settings, const TableNotes* notes) {
  table_ = std::make_unique<SeriesTable>(read(settings, "path", settings_.source));
  Settings data = settings.object("data");
  if (notes != nullptr) {
    scaling_ = notes->scaling;
    // New files need not have the times of the parts.
    try {
      split_table(*table_, settings_);
    } catch (const ValueError&) {
      for (Series& one : table_->series) std::ranges::fill(one.parts, Part::test);
    }
    say_unseen(*notes, scaling_.adopt(*table_));
  } else {
    data.about("split", [&] { split_table(*table_, settings_); });
    data.about("inputs", [&] { scaling_ = Scaling::fit(*table_, settings_.scales); });
  }
  data.about("inputs", [&] { scaling_.apply(*table_); });
  data.about("length", [&] { windows_.emplace(*table_, scaling_, settings_.windows); });
  if (settings_.steps > settings_.windows.horizon) data.about("steps", [&] { read_far(); });
  if (!settings_.test.path.empty() && !settings_.source.series_in_lines) read_test(settings);
}

TableWindowOptions TableTask::far_options() const {
  TableWindowOptions options = settings_.windows;
  options.horizon = std::max(options.horizon, settings_.steps);
  return options;
}

// Makes windows whose targets reach as far as forecasts that are fed back.
void TableTask::read_far() {
  far_windows_.emplace(*table_, scaling_, far_options());
  const WindowEnd any{0, table_->series.at(0).rows() - 1};
  (void)GrowingWindows(*windows_, std::span(&any, 1));  // refuses inputs that it cannot go on with
}

// Says which series were not in training.
void TableTask::say_unseen(const TableNotes& notes, const std::vector<std::string>& adopted) const {
  const std::set<std::string> known(notes.ids.begin(), notes.ids.end());
  std::vector<std::string> unseen;
  for (const Series& one : table_->series)
    if (!known.contains(one.id) && !one.id.empty() && !notes.ids.empty()) unseen.push_back(one.id);
  if (unseen.empty()) return;
  fmt::print(stderr, "series {} {} not in training{}\n", ids_text(unseen), unseen.size() == 1 ? "was" : "were",
             adopted.empty() ? "" : "; scaled by numbers of their own");
}

void TableTask::read_test(Settings& settings) {
  TableSource source = settings_.test_source();
  test_table_ = std::make_unique<SeriesTable>(read(settings, "test", source));
  for (Series& one : test_table_->series) std::ranges::fill(one.parts, Part::test);
  Settings data = settings.object("data");
  data.about("test", [&] {
    if (!settings_.test.remaining.empty()) read_remaining(*test_table_, settings_.test.remaining, {});
    (void)scaling_.adopt(*test_table_);
    scaling_.apply(*test_table_);
    test_windows_.emplace(*test_table_, scaling_, far_options());
  });
}

void TableTask::restart(Settings& settings, std::uint64_t seed) { build(settings, seed); }

void TableTask::build(Settings& settings, std::uint64_t seed) {
  seed_ = seed;
  model_ = settings.build("model", [&](const Settings::Json& json) { return layer_of(json, registry_); });
  settings.about("model", [&] {
    Builder builder(table_->features(), DType::float32, Generator(seed));
    model_.build(builder);
    ParameterVisitor visitor;
    model_.visit(visitor);
    parameters_ = visitor.take();
    if (settings_.truncate > 0) carry_states();
  });
}

void TableTask::check(Settings& settings) {
  const WindowEnd any{0, table_->series.at(0).rows() - 1};
  settings.about("model", [&] {
    Tape tape(DType::float32);
    const NoGradient inference(tape);
    double count = 0;
    (void)loss(tape, {windows_->gather(std::span(&any, 1))}, count);
    forget();
  });
}

std::vector<WindowEnd> TableTask::ends(Part part) const {
  const Index stride = part == Part::training ? settings_.stride : windows_->steps();
  return windows_->ends(part, stride);
}

std::vector<WindowEnd> TableTask::far_ends(Part part) const { return far_windows().ends(part, far_windows().steps()); }

std::vector<WindowEnd> TableTask::test_ends() const {
  if (!test_windows_) return far_ends(Part::test);
  return settings_.test.remaining.empty() ? test_windows_->ends(Part::test, test_windows_->steps())
                                          : test_windows_->last();
}

TableBatches TableTask::training() const {
  auto found = ends(Part::training);
  require<UsageError>(
      !found.empty(),
      "/data/split: the training part has no window of {} rows{} with a target; take a shorter length or "
      "a larger part",
      settings_.windows.length,
      settings_.windows.horizon > 0 ? fmt::format(" and {} more", settings_.windows.horizon) : "");
  return {*windows_, std::move(found), {batch_, seed_, settings_.truncate}};
}

Var TableTask::output(Tape& tape, const Tensor<float>& inputs) {
  LayerValue input;
  input.value = tape.constant(inputs);
  const LayerValue value = model_->call(input);
  penalty_ = value.penalty;
  return value.value;
}

Var TableTask::loss_of(Var prediction, const WindowBatch& batch, double& count) {
  const Var value = loss_(prediction, batch);
  const auto known = std::ranges::count_if(batch.targets.values(), [](float x) { return !std::isnan(x); });
  count = static_cast<double>(known);
  return with_penalties(value, parameters_, penalty_);
}

TableModelNotes TableTask::notes() const {
  TableModelNotes notes{.missing = settings_.source.missing};
  notes.describe(*table_);
  notes.length = settings_.windows.length;
  notes.horizon = settings_.windows.horizon;
  notes.season = settings_.windows.season;
  notes.numbers = loss_.numbers();
  notes.point = static_cast<Index>(loss_.point_index());
  return notes;
}

void TableTask::save(const std::filesystem::path& file, const std::string& config) {
  save_parameters(file, parameters_,
                  {{"model", get_config(model_)},
                   {"config", config},
                   {"table", notes().to_json()},
                   {"dtype", recur::name(DType::float32)},
                   {"features", std::to_string(table_->features())},
                   {"scaling", scaling_.to_json()},
                   {"categories", Settings::Json(settings_.source.categories).dump()}});
}

Metadata TableTask::identity() const {
  std::string metrics;
  for (const std::string& name : metrics_) metrics += (metrics.empty() ? "" : ", ") + name;
  return {{"model", get_config(model_)}, {"metrics", std::move(metrics)}};
}

}  // namespace recur::tools
