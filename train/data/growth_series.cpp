#include <recur/train/data/growth_series.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace recur {
namespace {

// Standard deviation, with the mean by reference.
double deviation(std::span<const double> values, double& mean) {
  mean = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  double square = 0;
  for (const double v : values) square += (v - mean) * (v - mean) / static_cast<double>(values.size());
  return std::sqrt(square);
}

}  // namespace

GrowthSeries::GrowthSeries(std::vector<double> values, Index season, Index train)
    : y_(std::move(values)),
      season_(season),
      logarithm_(std::all_of(y_.begin(), y_.end(), [](double v) { return v > 0; })) {
  require<ValueError>(season >= 1, "GrowthSeries: the season must be at least 1, got {}", season);
  require<ValueError>(
      train >= 3 * season && train >= 8 && train <= static_cast<Index>(y_.size()),
      "GrowthSeries: {} of {} values to learn from; at least three seasons of {} (and 8 values) are needed", train,
      y_.size(), season);
  if (logarithm_)
    for (double& v : y_) v = std::log(v);
  std::vector<double> growths;
  std::vector<double> changes;
  for (Index t = season_ == 1 ? 0 : season_; t < train; ++t) growths.push_back(growth(t));
  for (std::size_t i = 1; i < growths.size(); ++i) changes.push_back(growths[i] - growths[i - 1]);
  double unused = 0;
  growth_scale_ = deviation(growths, mean_);
  change_scale_ = deviation(changes, unused);
  require<ValueError>(growth_scale_ > 0 && change_scale_ > 0,
                      "GrowthSeries: the series does not vary from season to season");
}

double GrowthSeries::growth(Index t) const {
  require<ValueError>(t >= (season_ == 1 ? 0 : season_) && t < std::ssize(y_),
                      "GrowthSeries: there is no growth at step {}; the {} values have it from step {} on", t,
                      y_.size(), season_ == 1 ? 0 : season_);
  const auto at = static_cast<std::size_t>(t);
  return season_ == 1 ? y_[at] : y_[at] - y_[at - static_cast<std::size_t>(season_)];
}

double GrowthSeries::change(Index t) const {
  return t < first_step() ? 0 : (growth(t) - growth(t - 1)) / change_scale_;
}

std::vector<double> GrowthSeries::inputs(Index t) const {
  std::vector<double> known = {(growth(t - 1) - mean_) / growth_scale_, change(t - 1)};
  if (season_ > 1) known.push_back(change(t - season_));
  return known;
}

double GrowthSeries::target(Index t) const { return change(t); }

double GrowthSeries::level_for(Index t, double change) const {
  const double d = growth(t - 1) + change_scale_ * change;  // refuses steps beyond the one after the last
  return season_ == 1 ? d : y_[static_cast<std::size_t>(t - season_)] + d;
}

double GrowthSeries::to_value(double level) const { return logarithm_ ? std::exp(level) : level; }
void GrowthSeries::set_level(Index t, double level) {
  require<ValueError>(t >= 0 && t < std::ssize(y_), "GrowthSeries::set_level: step {} of {}", t, y_.size());
  y_[static_cast<std::size_t>(t)] = level;
}

Batch GrowthSeries::known(Index end) const {
  const Index steps = end - first_step();
  require<ValueError>(steps > 0 && end <= std::ssize(y_) + 1, "GrowthSeries::known: end {} is outside ({}, {}]", end,
                      first_step(), y_.size() + 1);
  Batch batch{Tensor<float>({1, steps, features()}), Tensor<float>({1, steps, 1})};
  for (Index i = 0; i < steps; ++i) {
    const Index t = first_step() + i;
    std::ranges::transform(inputs(t), batch.inputs.data() + i * features(),
                           [](double value) { return static_cast<float>(value); });
    if (t < std::ssize(y_)) batch.targets(0, i, 0) = static_cast<float>(target(t));
  }
  return batch;
}

}  // namespace recur
