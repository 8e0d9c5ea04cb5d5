#include <recur/train/tables/baselines.h>

#include <algorithm>
#include <cmath>

namespace recur {
namespace {

double mean_of_training(const SeriesTable& table, std::size_t target) {
  const std::size_t count = table.targets.size();
  double sum = 0, known = 0;
  for (const Series& one : table.series)
    for (std::size_t r = 0; r < one.times.size(); ++r) {
      const double y = one.targets[r * count + target];
      if (one.parts[r] != Part::training || std::isnan(y)) continue;
      sum += std::min(y, table.targets[target].cap);
      ++known;
    }
  return sum / known;
}

}  // namespace

std::vector<Forecast> naive_forecasts(const SeriesTable& table, std::span<const Forecast> like, Index season) {
  const Index count = table.target_count();
  std::vector<Forecast> forecasts(like.begin(), like.end());
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    Forecast& one = forecasts[i];
    one.quantiles.clear();
    const auto& known = table.series[static_cast<std::size_t>(one.series)].targets;
    for (std::size_t h = 0; h < one.prediction.size(); ++h) {
      const Index row = one.row + static_cast<Index>(h) % season + 1 - season;
      const Index at = row * count + static_cast<Index>(i) % count;
      one.prediction[h] = row >= 0 ? known[static_cast<std::size_t>(at)] : std::nan("");
    }
  }
  return forecasts;
}

std::vector<Forecast> mean_forecasts(const SeriesTable& trained, std::span<const Forecast> like) {
  std::vector<double> means;
  for (std::size_t t = 0; t < trained.targets.size(); ++t) means.push_back(mean_of_training(trained, t));
  std::vector<Forecast> forecasts(like.begin(), like.end());
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    forecasts[i].quantiles.clear();
    std::ranges::fill(forecasts[i].prediction, means[i % means.size()]);
  }
  return forecasts;
}

}  // namespace recur
