#include "table_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace recur::tools {
namespace {

struct Curve {
  std::vector<double> x, y;
  void add(double at, double value) {
    x.push_back(at);
    y.push_back(value);
  }
};

std::string name_of(const TargetColumn& target) {
  return target.unit.empty() ? target.name : target.name + " [" + target.unit + "]";
}

std::string quantile_name(const TableTask& task, std::size_t q) {
  return fmt::format("quantile {:g}", task.table_loss().quantiles()[q]);
}

/// The step that a target of forecast `at` is of; as a row of its series.
Index row_of(const TableWindows& windows, const Forecast& one, std::size_t step) {
  return windows.options().horizon == 0 ? one.row : one.row + 1 + static_cast<Index>(step);
}

/// Predicted and observed along the rows of one series.
LinePlot along_time(const TableTask& task, const TableWindows& windows, std::span<const Forecast> all, Index series,
                    std::size_t target) {
  const auto& one_series = windows.table().series[static_cast<std::size_t>(series)];
  const std::size_t targets = windows.table().targets.size();
  Curve observed, predicted;
  std::vector<Curve> quantiles(task.table_loss().quantiles().size());
  for (std::size_t i = target; i < all.size(); i += targets) {
    const Forecast& one = all[i];
    if (one.series != series) continue;
    for (std::size_t h = 0; h < one.prediction.size(); ++h) {
      const auto x = static_cast<double>(row_of(windows, one, h));
      observed.add(x, one.target[h]);
      predicted.add(x, one.prediction[h]);
      for (std::size_t q = 0; q < quantiles.size(); ++q) quantiles[q].add(x, one.quantiles[q][h]);
    }
  }
  const auto first = static_cast<Index>(observed.x.front()), last = static_cast<Index>(observed.x.back());
  LinePlot plot(one_series.id.empty() ? "Test part" : "Test part of " + one_series.id,
                fmt::format("row ({} to {})", windows.table().time_text(one_series, first),
                            windows.table().time_text(one_series, last)),
                name_of(windows.table().targets[target]));
  plot.add("observed", observed.x, observed.y);
  plot.add("predicted", predicted.x, predicted.y);
  for (std::size_t q = 0; q < quantiles.size(); ++q)
    plot.add(quantile_name(task, q), quantiles[q].x, quantiles[q].y, true);
  return plot;
}

/// One forecast of several steps behind what came before.
LinePlot ahead(const TableTask& task, const TableWindows& windows, const Forecast& one, std::size_t target) {
  const auto& series = windows.table().series[static_cast<std::size_t>(one.series)];
  const auto count = static_cast<Index>(windows.table().targets.size());
  Curve known, observed, predicted;
  const Index before = std::min<Index>(one.row + 1, 3 * static_cast<Index>(one.prediction.size()));
  for (Index row = one.row + 1 - before; row <= one.row; ++row)
    known.add(static_cast<double>(row), series.targets[static_cast<std::size_t>(row * count) + target]);
  LinePlot plot("Forecast of " + (series.id.empty() ? name_of(windows.table().targets[target]) : series.id),
                fmt::format("row (forecast from {})", windows.table().time_text(series, one.row + 1)),
                name_of(windows.table().targets[target]));
  std::vector<Curve> quantiles(one.quantiles.size());
  for (std::size_t h = 0; h < one.prediction.size(); ++h) {
    const auto x = static_cast<double>(row_of(windows, one, h));
    observed.add(x, one.target[h]);
    predicted.add(x, one.prediction[h]);
    for (std::size_t q = 0; q < quantiles.size(); ++q) quantiles[q].add(x, one.quantiles[q][h]);
  }
  plot.add("before", known.x, known.y);
  plot.add("observed", observed.x, observed.y);
  plot.add("forecast", predicted.x, predicted.y);
  for (std::size_t q = 0; q < quantiles.size(); ++q)
    plot.add(quantile_name(task, q), quantiles[q].x, quantiles[q].y, true);
  return plot;
}

/// One forecast for each series, in the order of the truth.
LinePlot by_truth(const TableWindows& windows, std::span<const Forecast> all, std::size_t target) {
  std::vector<std::pair<double, double>> pairs;
  for (std::size_t i = target; i < all.size(); i += windows.table().targets.size())
    pairs.emplace_back(all[i].target[0], all[i].prediction[0]);
  std::ranges::sort(pairs);
  Curve observed, predicted;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    observed.add(static_cast<double>(i + 1), pairs[i].first);
    predicted.add(static_cast<double>(i + 1), pairs[i].second);
  }
  LinePlot plot("Last row of each series", "series in the order of the truth",
                name_of(windows.table().targets[target]));
  plot.add("truth", observed.x, observed.y);
  plot.add("predicted", predicted.x, predicted.y);
  return plot;
}

/// The part of targets below each quantile, beside the quantile itself.
LinePlot calibration(const TableTask& task, std::span<const Forecast> all) {
  Curve ideal, found;
  const std::vector<double>& quantiles = task.table_loss().quantiles();
  for (std::size_t q = 0; q < quantiles.size(); ++q) {
    std::vector<double> predicted, targets;
    for (const Forecast& one : all) {
      predicted.insert(predicted.end(), one.quantiles[q].begin(), one.quantiles[q].end());
      targets.insert(targets.end(), one.target.begin(), one.target.end());
    }
    ideal.add(quantiles[q], quantiles[q]);
    found.add(quantiles[q], coverage(predicted, targets));
  }
  LinePlot plot("Calibration", "quantile", "part of the truth below it");
  plot.add("calibrated", ideal.x, ideal.y, true);
  plot.add("forecast", found.x, found.y);
  return plot;
}

bool one_each(std::span<const Forecast> forecasts, std::size_t targets) {
  for (std::size_t i = targets; i < forecasts.size(); ++i)
    if (forecasts[i].series == forecasts[i - targets].series) return false;
  return true;
}

}  // namespace

std::vector<LinePlot> forecast_plots(const TableTask& task, const TableWindows& windows,
                                     std::span<const Forecast> forecasts) {
  constexpr std::size_t most = 4;
  const std::size_t targets = windows.table().targets.size();
  std::vector<LinePlot> plots;
  if (forecasts.empty()) return plots;
  const bool steps = windows.steps() > 1;
  if (!steps && forecasts.size() > targets && one_each(forecasts, targets)) {
    for (std::size_t t = 0; t < targets; ++t) plots.push_back(by_truth(windows, forecasts, t));
    return plots;
  }
  Index last = -1;
  for (std::size_t i = 0; i < forecasts.size() && plots.size() < most; ++i) {
    if (forecasts[i].series == last && i % targets == 0) continue;
    if (i % targets == 0) last = forecasts[i].series;
    plots.push_back(steps && one_each(forecasts, targets)
                        ? ahead(task, windows, forecasts[i], i % targets)
                        : along_time(task, windows, forecasts, forecasts[i].series, i % targets));
  }
  if (task.table_loss().quantiles().size() > 1) plots.push_back(calibration(task, forecasts));
  return plots;
}

std::string scores_csv(const TableTask& task, const TableWindows& windows, std::span<const Forecast> forecasts) {
  std::string text = "id";
  std::vector<std::vector<std::pair<Index, double>>> columns;
  const std::size_t targets = windows.table().targets.size();
  for (std::size_t t = 0; t < targets; ++t) {
    std::vector<Forecast> own;
    for (std::size_t i = t; i < forecasts.size(); i += targets) own.push_back(forecasts[i]);
    for (const std::string& name : task.metrics()) {
      text += "," + name + (targets > 1 ? "_" + windows.table().targets[t].name : "");
      columns.push_back(score_by_series(name, own, {.cap = windows.table().targets[t].cap}));
    }
  }
  text += "\n";
  for (std::size_t row = 0; row < (columns.empty() ? 0 : columns[0].size()); ++row) {
    text += windows.table().series[static_cast<std::size_t>(columns[0][row].first)].id;
    for (const auto& column : columns) text += fmt::format(",{:.6g}", column[row].second);
    text += "\n";
  }
  return text;
}

std::vector<Forecast> mean_of(std::span<const std::vector<Forecast>> members) {
  std::vector<Forecast> mean = members[0];
  const auto count = static_cast<double>(members.size());
  const auto average = [&](std::vector<double>& to, const auto& numbers_of) {
    for (std::size_t h = 0; h < to.size(); ++h) {
      double sum = 0;
      for (const auto& member : members) sum += numbers_of(member)[h];
      to[h] = sum / count;
    }
  };
  for (std::size_t i = 0; i < mean.size(); ++i) {
    average(
        mean[i].prediction, [i](const auto& member) -> const auto& { return member[i].prediction; });
    for (std::size_t q = 0; q < mean[i].quantiles.size(); ++q)
      average(
          mean[i].quantiles[q], [ i, q ](const auto& member) -> const auto& { return member[i].quantiles[q]; });
  }
  return mean;
}

std::string forecasts_csv(const TableTask& task, const TableWindows& windows, std::span<const Forecast> forecasts,
                          std::span<const std::vector<Forecast>> members) {
  const SeriesTable& table = windows.table();
  const std::size_t targets = table.targets.size();
  std::string text = "id,time";
  for (const TargetColumn& target : table.targets) {
    text += "," + name_of(target);
    for (const double q : task.table_loss().quantiles()) text += fmt::format(",{} q{:g}", target.name, q);
    if (members.size() > 1) text += fmt::format(",{} spread", target.name);
  }
  text += "\n";
  for (std::size_t i = 0; i + targets <= forecasts.size(); i += targets)
    for (std::size_t h = 0; h < forecasts[i].prediction.size(); ++h) {
      const Series& one = table.series[static_cast<std::size_t>(forecasts[i].series)];
      text += one.id + "," + table.time_text(one, row_of(windows, forecasts[i], h));
      for (std::size_t t = 0; t < targets; ++t) {
        const Forecast& forecast = forecasts[i + t];
        text += fmt::format(",{:.7g}", forecast.prediction[h]);
        for (const auto& quantile : forecast.quantiles) text += fmt::format(",{:.7g}", quantile[h]);
        if (members.size() < 2) continue;
        double squares = 0;
        for (const auto& member : members) squares += std::pow(member[i + t].prediction[h] - forecast.prediction[h], 2);
        text += fmt::format(",{:.7g}", std::sqrt(squares / static_cast<double>(members.size())));
      }
      text += "\n";
    }
  return text;
}

}  // namespace recur::tools
