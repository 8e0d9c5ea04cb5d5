// What a model of tables says of windows, in the user's units.

#include <recur/train/tables/growing_windows.h>

#include <algorithm>

#include "table_task.h"

namespace recur::tools {
namespace {

// The predictions from `first` on, as rows that follow: `[windows, rows, targets]`.
std::vector<double> rows_of(std::span<const Forecast> forecasts, std::size_t first, std::size_t targets) {
  std::vector<double> rows;
  for (std::size_t i = 0; i + targets <= forecasts.size(); i += targets)
    for (std::size_t h = first; h < forecasts[i].prediction.size(); ++h)
      for (std::size_t t = 0; t < targets; ++t) rows.push_back(forecasts[i + t].prediction[h]);
  return rows;
}

}  // namespace

std::vector<Forecast> TableTask::begin_forecasts(const TableWindows& windows, std::span<const WindowEnd> ends) const {
  const Index targets = windows.table().target_count();
  const bool scaled_error = std::ranges::find(metrics_, "mase") != metrics_.end();
  std::vector<Forecast> forecasts;
  for (const WindowEnd& end : ends)
    for (Index t = 0; t < targets; ++t) {
      Forecast& one = forecasts.emplace_back(Forecast{end.series, end.row, {}, {}, {}});
      one.quantiles.resize(loss_.quantiles().size());
      for (Index at = t; at < windows.wanted(); at += targets) one.target.push_back(windows.target(end, at));
      if (!scaled_error || targets > 1) continue;
      const auto& history = windows.table().series[static_cast<std::size_t>(end.series)].targets;
      one.scale =
          seasonal_difference(std::span(history).first(static_cast<std::size_t>(end.row) + 1), settings_.season);
    }
  return forecasts;
}

void TableTask::add_outputs(std::span<Forecast> to, const TableWindows& windows, const WindowBatch& batch,
                            Var output) const {
  const std::vector<double> all = output.to_doubles();
  const Index wanted = windows.wanted(), targets = windows.table().target_count();
  const Index row = windows.options().every_step ? windows.options().length * wanted : wanted;
  const auto numbers = static_cast<std::size_t>(loss_.numbers());
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto window = static_cast<Index>(i) / targets;
    for (Index at = static_cast<Index>(i) % targets; at < wanted; at += targets) {
      const auto place = static_cast<std::size_t>((window + 1) * row - wanted + at);
      const std::span<const double> own(all.data() + place * numbers, numbers);
      to[i].prediction.push_back(windows.undo(at, loss_.point(own), batch.scales[place]));
      for (std::size_t q = 0; q < to[i].quantiles.size(); ++q)
        to[i].quantiles[q].push_back(windows.undo(at, loss_.quantile(own, q), batch.scales[place]));
    }
  }
}

std::vector<Forecast> TableTask::forecast(Tape& tape, const TableWindows& windows, std::span<const WindowEnd> ends,
                                          double* mean_loss) {
  if (windows.options().horizon > settings_.windows.horizon) return forecast_recursively(tape, windows, ends);
  const NoGradient inference(tape);
  std::vector<Forecast> forecasts;
  double sum = 0, weight = 0;
  const TableBatches batches(windows, {ends.begin(), ends.end()}, {.batch = batch_});
  for (Index i = 0; i < batches.size(); ++i) {
    const WindowBatch batch = batches[i];
    forget();
    const Var prediction = output(tape, batch.inputs);
    std::vector<Forecast> some = begin_forecasts(windows, batches.ends(i));
    add_outputs(some, windows, batch, prediction);
    std::ranges::move(some, std::back_inserter(forecasts));
    if (mean_loss != nullptr) {
      double count = 0;
      const double value = loss_of(prediction, batch, count).item();
      sum += count * value;
      weight += count;
    }
    tape.reset();
  }
  forget();
  if (mean_loss != nullptr) *mean_loss = weight > 0 ? sum / weight : std::numeric_limits<double>::quiet_NaN();
  return forecasts;
}

std::vector<Forecast> TableTask::forecast_recursively(Tape& tape, const TableWindows& windows,
                                                      std::span<const WindowEnd> ends) {
  const NoGradient inference(tape);
  const TableWindows near(windows.table(), windows.scaling(), settings_.windows);
  const auto wanted = static_cast<std::size_t>(windows.options().horizon);
  std::vector<Forecast> forecasts;
  const TableBatches batches(windows, {ends.begin(), ends.end()}, {.batch = batch_});
  for (Index i = 0; i < batches.size(); ++i) {
    GrowingWindows growing(near, batches.ends(i));
    std::vector<Forecast> some = begin_forecasts(windows, batches.ends(i));
    while (growing.rows() < windows.options().horizon) {
      const WindowBatch batch = growing.gather();
      const std::size_t before = some[0].prediction.size();
      add_outputs(some, near, batch, output(tape, batch.inputs));
      tape.reset();
      growing.add(rows_of(some, before, near.table().targets.size()));
    }
    for (Forecast& one : some) {
      one.prediction.resize(wanted);
      for (auto& quantile : one.quantiles) quantile.resize(wanted);
    }
    std::ranges::move(some, std::back_inserter(forecasts));
  }
  return forecasts;
}

}  // namespace recur::tools
