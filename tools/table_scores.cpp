// What forecasts are worth.

#include <recur/train/tables/baselines.h>

#include <algorithm>
#include <cmath>

#include "table_task.h"

namespace recur::tools {
namespace {

bool of_several_series(std::span<const Forecast> forecasts) {
  return std::ranges::any_of(forecasts, [&](const Forecast& one) { return one.series != forecasts[0].series; });
}

}  // namespace

TableTask::Numbers TableTask::scores(std::span<const Forecast> forecasts, bool both) const {
  const Index targets = table_->target_count();
  const bool several = both && of_several_series(forecasts);
  Numbers all;
  for (const std::string& name : metrics_) {
    // Of several series each score is printed both ways: of all together, and as the median of the series.
    const ScoreOver other = score_is_median(name) ? ScoreOver::all : ScoreOver::series_median;
    double sum = 0, sum_other = 0;
    Numbers each;
    for (Index t = 0; t < targets; ++t) {
      std::vector<Forecast> own;
      for (std::size_t i = static_cast<std::size_t>(t); i < forecasts.size(); i += static_cast<std::size_t>(targets))
        own.push_back(forecasts[i]);
      const TargetColumn& target = table_->targets[static_cast<std::size_t>(t)];
      const double value = score(name, own, {.cap = target.cap});
      sum += value / static_cast<double>(targets);
      if (several) sum_other += score(name, own, {.cap = target.cap, .over = other}) / static_cast<double>(targets);
      each.emplace_back(name + "_" + target.name, value);
    }
    all.emplace_back(name, sum);
    if (several && !std::isnan(sum_other))
      all.emplace_back(name + (other == ScoreOver::all ? "_overall" : "_median"), sum_other);
    if (targets > 1) all.insert(all.end(), each.begin(), each.end());
  }
  if (targets == 1) add_quantile_scores(all, forecasts);
  return all;
}

void TableTask::add_quantile_scores(Numbers& all, std::span<const Forecast> forecasts) const {
  // Baselines have no quantiles.
  if (std::ranges::any_of(forecasts, [](const Forecast& one) { return one.quantiles.empty(); })) return;
  double sum = 0;
  Numbers coverages;
  for (std::size_t q = 0; q < loss_.quantiles().size(); ++q) {
    std::vector<double> predicted, wanted;
    for (const Forecast& one : forecasts) {
      predicted.insert(predicted.end(), one.quantiles[q].begin(), one.quantiles[q].end());
      wanted.insert(wanted.end(), one.target.begin(), one.target.end());
    }
    sum += pinball(predicted, wanted, loss_.quantiles()[q]);
    coverages.emplace_back(fmt::format("coverage_{:g}", loss_.quantiles()[q]), coverage(predicted, wanted));
  }
  if (coverages.empty()) return;
  all.emplace_back("pinball", sum / static_cast<double>(coverages.size()));
  all.insert(all.end(), coverages.begin(), coverages.end());
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

}  // namespace recur::tools
