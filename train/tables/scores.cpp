#include <recur/train/tables/scores.h>

#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/nearest_name.h>

#include <algorithm>
#include <cmath>

namespace recur {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// Calls f(prediction, target) for the pairs that count; returns their number.
template <class F>
double for_pairs(Numbers prediction, Numbers target, F f) {
  require<ValueError>(prediction.size() == target.size(), "scores: {} predictions and {} targets", prediction.size(),
                      target.size());
  double count = 0;
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (std::isnan(target[i]) || std::isnan(prediction[i])) continue;
    f(prediction[i], target[i]);
    ++count;
  }
  return count;
}

template <class F>
double mean_over_pairs(Numbers prediction, Numbers target, F f) {
  double sum = 0;
  const double count = for_pairs(prediction, target, [&](double p, double t) { sum += f(p, t); });
  return count > 0 ? sum / count : none;
}

struct Moments {
  double p = 0, t = 0, pp = 0, tt = 0, pt = 0;
};

// Means, variances and covariance.
Moments moments(Numbers prediction, Numbers target) {
  Moments m;
  const double count = for_pairs(prediction, target, [&](double p, double t) {
    m.p += p;
    m.t += t;
  });
  if (count == 0) return {none, none, none, none, none};
  m.p /= count;
  m.t /= count;
  for_pairs(prediction, target, [&](double p, double t) {
    m.pp += (p - m.p) * (p - m.p) / count;
    m.tt += (t - m.t) * (t - m.t) / count;
    m.pt += (p - m.p) * (t - m.t) / count;
  });
  return m;
}

double median(std::vector<double> values) {
  std::erase_if(values, [](double x) { return std::isnan(x); });
  if (values.empty()) return none;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double x : values)
    if (!std::isnan(x)) {
      sum += x;
      ++count;
    }
  return count > 0 ? sum / count : none;
}

enum class Over : unsigned char { pairs, series_median, forecast_mean };
struct Kind {
  const char* name;
  double (*of)(Numbers prediction, Numbers target);
  Over over;
  bool larger = false;
};

constexpr Kind score_kinds[] = {
    {"nse", nash_sutcliffe, Over::series_median, true},
    {"kge", kling_gupta, Over::series_median, true},
    {"r2", nash_sutcliffe, Over::pairs, true},
    {"rmse", root_mean_square, Over::pairs},
    {"rmse_capped", root_mean_square, Over::pairs},
    {"mae", mean_absolute, Over::pairs},
    {"bias", mean_bias, Over::pairs},
    {"rul_score", remaining_life_score, Over::pairs},
    {"rul_score_capped", remaining_life_score, Over::pairs},
    {"smape", symmetric_percentage, Over::forecast_mean},
    {"mase", mean_absolute, Over::forecast_mean},  // divided by the scale of the forecast
};

const Kind& kind_of(std::string_view name) {
  for (const Kind& kind : score_kinds)
    if (name == kind.name) return kind;
  std::string all;
  for (const std::string& known : score_names()) all += (all.empty() ? "" : ", ") + known;
  fail<ValueError>("score: there is no score '{}'{}; there are {}", name, did_you_mean(name, score_names()), all);
}

double score_of(const Kind& kind, std::span<const Forecast> forecasts, const ScoreOptions& options) {
  const bool capped = std::string_view(kind.name).ends_with("_capped");
  std::vector<double> predictions, targets, each;
  for (const Forecast& one : forecasts) {
    if (kind.over == Over::forecast_mean) {
      const double value = kind.of(one.prediction, one.target);
      each.push_back(std::string_view(kind.name) == "mase" ? value / one.scale : value);
      continue;
    }
    predictions.insert(predictions.end(), one.prediction.begin(), one.prediction.end());
    for (const double t : one.target) targets.push_back(capped ? (t > options.cap ? options.cap : t) : t);
  }
  return kind.over == Over::forecast_mean ? mean_of(each) : kind.of(predictions, targets);
}

}  // namespace

double nash_sutcliffe(Numbers prediction, Numbers target) {
  const double variance = moments(prediction, target).tt;
  const double error = mean_over_pairs(prediction, target, [](double p, double t) { return (p - t) * (p - t); });
  return variance > 0 ? 1 - error / variance : none;
}

double kling_gupta(Numbers prediction, Numbers target) {
  const Moments m = moments(prediction, target);
  if (!(m.tt > 0) || m.t == 0) return none;
  const double r = m.pp > 0 ? m.pt / std::sqrt(m.pp * m.tt) : 0;
  return 1 - std::sqrt((r - 1) * (r - 1) + std::pow(std::sqrt(m.pp / m.tt) - 1, 2) + std::pow(m.p / m.t - 1, 2));
}

double root_mean_square(Numbers prediction, Numbers target) {
  return std::sqrt(mean_over_pairs(prediction, target, [](double p, double t) { return (p - t) * (p - t); }));
}

double mean_absolute(Numbers prediction, Numbers target) {
  return mean_over_pairs(prediction, target, [](double p, double t) { return std::abs(p - t); });
}

double mean_bias(Numbers prediction, Numbers target) {
  return mean_over_pairs(prediction, target, [](double p, double t) { return p - t; });
}

double symmetric_percentage(Numbers prediction, Numbers target) {
  return mean_over_pairs(prediction, target, [](double p, double t) {
    const double size = std::abs(p) + std::abs(t);
    return size > 0 ? 200 * std::abs(p - t) / size : 0;
  });
}

double remaining_life_score(Numbers prediction, Numbers target) {
  double sum = 0;
  const double count = for_pairs(prediction, target, [&](double p, double t) {
    sum += p < t ? std::expm1((t - p) / 13) : std::expm1((p - t) / 10);
  });
  return count > 0 ? sum : none;
}

double pinball(Numbers prediction, Numbers target, double quantile) {
  return mean_over_pairs(prediction, target,
                         [&](double p, double t) { return std::max(quantile * (t - p), (quantile - 1) * (t - p)); });
}

double coverage(Numbers prediction, Numbers target) {
  return mean_over_pairs(prediction, target, [](double p, double t) { return t <= p ? 1.0 : 0.0; });
}

double seasonal_difference(Numbers history, Index season) {
  const auto lag = static_cast<std::size_t>(std::max<Index>(season, 1));
  if (history.size() <= lag) return none;
  return mean_absolute(history.subspan(lag), history.first(history.size() - lag));
}

const std::vector<std::string>& score_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Kind& kind : score_kinds) all.emplace_back(kind.name);
    return all;
  }();
  return names;
}

bool score_is_median(std::string_view name) { return kind_of(name).over == Over::series_median; }

bool larger_score_is_better(std::string_view name) { return kind_of(name).larger; }

std::vector<std::pair<Index, double>> score_by_series(std::string_view name, std::span<const Forecast> forecasts,
                                                      const ScoreOptions& options) {
  const Kind& kind = kind_of(name);
  std::vector<std::pair<Index, double>> scores;
  for (std::size_t first = 0; first < forecasts.size();) {
    std::size_t end = first;
    while (end < forecasts.size() && forecasts[end].series == forecasts[first].series) ++end;
    scores.emplace_back(forecasts[first].series, score_of(kind, forecasts.subspan(first, end - first), options));
    first = end;
  }
  return scores;
}

double score(std::string_view name, std::span<const Forecast> forecasts, const ScoreOptions& options) {
  const Kind& kind = kind_of(name);
  const bool median_of_series =
      options.over == ScoreOver::usual ? kind.over == Over::series_median : options.over == ScoreOver::series_median;
  if (!median_of_series) return score_of(kind, forecasts, options);
  std::vector<double> each;
  for (const auto& [series, value] : score_by_series(name, forecasts, options)) each.push_back(value);
  return median(std::move(each));
}

}  // namespace recur
