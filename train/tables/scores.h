#pragma once

#include <recur/framework/tensor/shape.h>

#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recur {

// Scores of predictions in the user's units. Pairs of which the target or the prediction is NaN do not count; without
// pairs, and where a score has no meaning (targets that never change), the result is NaN.

/// Targets or predictions, one after another.
using Numbers = std::span<const double>;

/// Returns the Nash-Sutcliffe efficiency, 1 - Σ(p - t)² / Σ(t - mean t)², also called R²; 1 is best (Nash & Sutcliffe
/// 1970).
[[nodiscard]] double nash_sutcliffe(Numbers prediction, Numbers target);
/// Returns the Kling-Gupta efficiency, 1 - √((r - 1)² + (σp/σt - 1)² + (μp/μt - 1)²); 1 is best (Gupta et al. 2009).
[[nodiscard]] double kling_gupta(Numbers prediction, Numbers target);
[[nodiscard]] double root_mean_square(Numbers prediction, Numbers target);
[[nodiscard]] double mean_absolute(Numbers prediction, Numbers target);
/// Mean of p - t.
[[nodiscard]] double mean_bias(Numbers prediction, Numbers target);
/// Mean of 200·|p - t| / (|p| + |t|), per cent, as in the M4 competition; pairs of zeros count as 0.
[[nodiscard]] double symmetric_percentage(Numbers prediction, Numbers target);
/// Σ e^(-d/13) - 1 where d = p - t is negative, e^(d/10) - 1 where it is not (Saxena et al. 2008).
[[nodiscard]] double remaining_life_score(Numbers prediction, Numbers target);
/// Mean of max(q·(t - p), (q - 1)·(t - p)).
[[nodiscard]] double pinball(Numbers prediction, Numbers target, double quantile);
/// The fraction of targets at or below the prediction, which is near `quantile` if the prediction is calibrated.
[[nodiscard]] double coverage(Numbers prediction, Numbers target);
/// Mean of |x[t] - x[t - season]|, by which MASE divides (Hyndman & Koehler 2006).
[[nodiscard]] double seasonal_difference(Numbers history, Index season);

/// What was predicted for one window and one target, step after step.
struct Forecast {
  Index series;
  Index row;  ///< The last row that the model saw.
  std::vector<double> prediction;
  std::vector<double> target;
  std::vector<std::vector<double>> quantiles{};             ///< [quantile][step]; empty: there are none.
  double scale = std::numeric_limits<double>::quiet_NaN();  ///< `seasonal_difference` of what was known before.
};

/// What a score of many series is.
enum class ScoreOver : unsigned char {
  usual,          ///< As `score` says of each.
  all,            ///< Of all pairs, or all forecasts, together.
  series_median,  ///< The median of the series.
};

/// What a score is besides its formula.
struct ScoreOptions {
  double cap =
      std::numeric_limits<double>::infinity();  ///< Larger targets are this, in scores whose name ends in _capped.
  ScoreOver over = ScoreOver::usual;
};

/// Names that `score` knows: nse, kge, rmse, …
[[nodiscard]] const std::vector<std::string>& score_names();
[[nodiscard]] bool larger_score_is_better(std::string_view name);
/// The score of many series: nse and kge are the median of the series, smape and mase the mean of the forecasts, all
/// others are of all pairs together. @throws ValueError for an unknown name
[[nodiscard]] double score(std::string_view name, std::span<const Forecast> forecasts,
                           const ScoreOptions& options = {});
/// Returns true for a score that `score` computes as the median of the series.
[[nodiscard]] bool score_is_median(std::string_view name);
/// The score of each series by itself, in the order in which they occur.
[[nodiscard]] std::vector<std::pair<Index, double>> score_by_series(std::string_view name,
                                                                    std::span<const Forecast> forecasts,
                                                                    const ScoreOptions& options = {});

}  // namespace recur
