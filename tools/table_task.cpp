#include "table_task.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/tensor/nearest_name.h>
#include <recur/io/model_file.h>
#include <recur/layers/config/config.h>
#include <recur/layers/regularizers.h>
#include <recur/train/tables/baselines.h>
#include <recur/train/tables/split_table.h>

#include <algorithm>
#include <cmath>

namespace recur::tools {

TableNotes TableNotes::load(const std::filesystem::path& file) {
  const Metadata notes = load_model_file(file).metadata;
  for (const char* key : {"config", "scaling", "categories"})
    require<FormatError>(notes.contains(key), "'{}' has no {} in it: it was not trained on tables", file.string(), key);
  TableNotes result{.config = notes.at("config"), .scaling = Scaling::from_json(notes.at("scaling"))};
  result.categories = Settings::Json::parse(notes.at("categories")).get<decltype(result.categories)>();
  return result;
}

TableBatches::TableBatches(const TableWindows& windows, std::vector<WindowEnd> ends, Index batch,
                           std::optional<std::uint64_t> shuffle)
    : windows_(windows), ends_(std::move(ends)), order_(ends_), batch_(batch), shuffle_(shuffle) {}

std::span<const WindowEnd> TableBatches::ends(Index index) const {
  const auto first = static_cast<std::size_t>(index * batch_);
  return std::span(order_).subspan(first, std::min(static_cast<std::size_t>(batch_), order_.size() - first));
}

void TableBatches::start_epoch(Index epoch) {
  order_ = ends_;
  if (shuffle_) Generator(*shuffle_).fork(static_cast<std::uint64_t>(epoch)).shuffle(order_);
}

std::vector<std::string> read_scores(Settings& settings) {
  std::vector<std::string> names = settings.texts("metrics");
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::ranges::find(score_names(), names[i]) == score_names().end())
      settings.refuse_name(fmt::format("metrics/{}", i), names[i], score_names());
  if (names.empty()) names = {"rmse", "mae"};
  return names;
}

TableTask::TableTask(Settings& settings, std::uint64_t seed, const TableNotes* notes)
    : settings_(TableSettings::read(settings.object("data"))),
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
    for (const std::string& id : scaling_.adopt(*table_))
      fmt::print(stderr, "series '{}' was not in training; it is scaled by its own numbers\n", id);
  } else {
    data.about("split", [&] { split_table(*table_, settings_); });
    data.about("inputs", [&] { scaling_ = Scaling::fit(*table_, settings_.scales); });
  }
  data.about("inputs", [&] { scaling_.apply(*table_); });
  data.about("length", [&] { windows_.emplace(*table_, scaling_, settings_.windows); });
  if (!settings_.test.path.empty() && !settings_.source.series_in_lines) read_test(settings);
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
    test_windows_.emplace(*test_table_, scaling_, settings_.windows);
  });
}

void TableTask::restart(Settings& settings, std::uint64_t seed) { build(settings, seed); }

void TableTask::build(Settings& settings, std::uint64_t seed) {
  seed_ = seed;
  model_ = settings.build("model", [&](const Settings::Json& json) { return layer_from_config(json.dump()); });
  settings.about("model", [&] {
    Builder builder(table_->features(), DType::float32, Generator(seed));
    model_.build(builder);
    ParameterVisitor visitor;
    model_.visit(visitor);
    parameters_ = visitor.take();
  });
}

void TableTask::check(Settings& settings) {
  const WindowEnd any{0, table_->series.at(0).rows() - 1};
  settings.about("model", [&] {
    Tape tape(DType::float32);
    const NoGradient inference(tape);
    const WindowBatch batch = windows_->gather(std::span(&any, 1));
    double count = 0;
    (void)loss(tape, batch, count);
  });
}

std::vector<WindowEnd> TableTask::ends(Part part) const {
  const Index stride = part == Part::training ? settings_.stride : windows_->steps();
  return windows_->ends(part, stride);
}

std::vector<WindowEnd> TableTask::test_ends() const {
  if (!test_windows_) return ends(Part::test);
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
  return {*windows_, std::move(found), batch_, seed_};
}

Var TableTask::output(Tape& tape, const WindowBatch& batch) {
  LayerValue input;
  input.value = tape.constant(batch.inputs);
  const LayerValue value = model_->call(input);
  penalty_ = value.penalty;
  return value.value;
}

Var TableTask::loss(Tape& tape, const WindowBatch& batch, double& count) {
  return loss_of(output(tape, batch), batch, count);
}

Var TableTask::loss_of(Var prediction, const WindowBatch& batch, double& count) {
  Tape& tape = prediction.tape();
  Var value = loss_(prediction, tape, batch.targets, batch.weights);
  const auto known = std::ranges::count_if(batch.targets.values(), [](float x) { return !std::isnan(x); });
  count = static_cast<double>(known);
  const bool weights = std::ranges::any_of(
      parameters_, [](const NamedParameter& p) { return p.parameter->l1 != 0 || p.parameter->l2 != 0; });
  if (weights) value = value + penalty(tape, parameters_);
  if (penalty_.defined()) value = value + penalty_;
  return value;
}

void TableTask::add_forecasts(std::vector<Forecast>& to, const TableWindows& windows, std::span<const WindowEnd> ends,
                              const WindowBatch& batch, Var output) const {
  const std::vector<double> all = output.to_doubles();
  const Index numbers = loss_.numbers(), wanted = windows.wanted(), targets = windows.table().target_count();
  const bool every = windows.options().every_step;
  const Index row = every ? windows.options().length * wanted : wanted;
  const bool scaled_error = std::ranges::find(metrics_, "mase") != metrics_.end();
  for (std::size_t i = 0; i < ends.size(); ++i)
    for (Index t = 0; t < targets; ++t) {
      Forecast one{ends[i].series, ends[i].row, {}, {}, {}};
      one.quantiles.resize(loss_.quantiles().size());
      for (Index at = t; at < wanted; at += targets) {
        const auto place = static_cast<std::size_t>((static_cast<Index>(i) + 1) * row - wanted + at);
        const std::span<const double> own(all.data() + place * static_cast<std::size_t>(numbers),
                                          static_cast<std::size_t>(numbers));
        one.prediction.push_back(windows.undo(at, loss_.point(own), batch.scales[place]));
        one.target.push_back(windows.target(ends[i], at));
        for (std::size_t q = 0; q < one.quantiles.size(); ++q)
          one.quantiles[q].push_back(windows.undo(at, loss_.quantile(own, q), batch.scales[place]));
      }
      if (scaled_error && t == 0 && targets == 1) {
        const auto& history = windows.table().series[static_cast<std::size_t>(ends[i].series)].targets;
        one.scale =
            seasonal_difference(std::span(history).first(static_cast<std::size_t>(ends[i].row) + 1), settings_.season);
      }
      to.push_back(std::move(one));
    }
}

std::vector<Forecast> TableTask::forecast(Tape& tape, const TableWindows& windows, std::span<const WindowEnd> ends,
                                          double* mean_loss) {
  const NoGradient inference(tape);
  std::vector<Forecast> forecasts;
  double sum = 0, weight = 0;
  const TableBatches batches(windows, {ends.begin(), ends.end()}, batch_, std::nullopt);
  for (Index i = 0; i < batches.size(); ++i) {
    const WindowBatch batch = batches[i];
    const Var prediction = output(tape, batch);
    add_forecasts(forecasts, windows, batches.ends(i), batch, prediction);
    if (mean_loss != nullptr) {
      double count = 0;
      const double value = loss_of(prediction, batch, count).item();
      sum += count * value;
      weight += count;
    }
    tape.reset();
  }
  if (mean_loss != nullptr) *mean_loss = weight > 0 ? sum / weight : std::numeric_limits<double>::quiet_NaN();
  return forecasts;
}

TableTask::Numbers TableTask::scores(std::span<const Forecast> forecasts) const {
  const Index targets = table_->target_count();
  Numbers all;
  for (const std::string& name : metrics_) {
    double sum = 0;
    Numbers each;
    for (Index t = 0; t < targets; ++t) {
      std::vector<Forecast> own;
      for (std::size_t i = static_cast<std::size_t>(t); i < forecasts.size(); i += static_cast<std::size_t>(targets))
        own.push_back(forecasts[i]);
      const TargetColumn& target = table_->targets[static_cast<std::size_t>(t)];
      const double value = score(name, own, {.cap = target.cap});
      sum += value / static_cast<double>(targets);
      each.emplace_back(name + "_" + target.name, value);
    }
    all.emplace_back(name, sum);
    if (targets > 1) all.insert(all.end(), each.begin(), each.end());
  }
  // Baselines have no quantiles.
  const bool with_quantiles =
      targets == 1 && std::ranges::none_of(forecasts, [](const Forecast& one) { return one.quantiles.empty(); });
  for (std::size_t q = 0; q < loss_.quantiles().size() && with_quantiles; ++q) {
    std::vector<double> predicted, wanted;
    for (const Forecast& one : forecasts) {
      predicted.insert(predicted.end(), one.quantiles[q].begin(), one.quantiles[q].end());
      wanted.insert(wanted.end(), one.target.begin(), one.target.end());
    }
    all.emplace_back(fmt::format("coverage_{:g}", loss_.quantiles()[q]), coverage(predicted, wanted));
  }
  return all;
}

std::vector<std::string> TableTask::baselines() const {
  if (settings_.windows.horizon == 0) return {"mean"};
  if (settings_.season > 1) return {"last_value", "seasonal_naive"};
  return {"last_value"};
}

std::vector<Forecast> TableTask::baseline(const std::string& name, std::span<const Forecast> like,
                                          const TableWindows& windows) const {
  if (name == "mean") return mean_forecasts(*table_, like);
  return naive_forecasts(windows.table(), like, name == "seasonal_naive" ? settings_.season : 1);
}

void TableTask::save(const std::filesystem::path& file, const std::string& config) {
  save_parameters(file, parameters_,
                  {{"model", get_config(model_)},
                   {"config", config},
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
