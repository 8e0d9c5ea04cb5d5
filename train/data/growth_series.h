#pragma once

#include <recur/train/data/example.h>

#include <vector>

namespace recur {

/// A seasonal series as changes of its growth, which a network forecasts best: with y the (log of the) series and s its
/// season, growth d[t] = y[t] - y[t-s] and its change w[t] = d[t] - d[t-1], both scaled by the training part.
/// A season of 1 means none: d = y.
class GrowthSeries {
 public:
  /// @param train number of values, from the first, that may be learned from
  /// @throws ValueError when these are fewer than three seasons, or do not vary
  GrowthSeries(std::vector<double> values, Index season, Index train);

  [[nodiscard]] Index first_step() const { return season_ == 1 ? 1 : season_ + 1; }
  [[nodiscard]] Index features() const { return season_ == 1 ? 2 : 3; }
  /// What is known before step t: the last growth, its change, and the change one season ago (0 where that is before
  /// the start). Throws ValueError if t is outside [first_step(), size].
  [[nodiscard]] std::vector<double> inputs(Index t) const;
  /// The scaled change at step t, to be predicted. Throws ValueError if t is outside [0, size).
  [[nodiscard]] double target(Index t) const;
  /// Inputs `[1, steps, features()]` of steps [first_step(), end), what is known before each, and targets `[1, steps,
  /// 1]`, zero beyond the end of the series. @throws ValueError for an end outside (first_step(), size + 1].
  [[nodiscard]] Batch known(Index end) const;
  /// y at step t if the scaled change is `change`; forecasts are averaged in y. Throws ValueError if t is outside
  /// [first_step(), size].
  [[nodiscard]] double level_for(Index t, double change) const;
  /// The value that a y stands for.
  [[nodiscard]] double to_value(double level) const;
  /// Sets y at step t (a forecast, to go on from). Throws ValueError if t is outside [0, size).
  void set_level(Index t, double level);

 private:
  [[nodiscard]] double growth(Index t) const;
  [[nodiscard]] double change(Index t) const;

  std::vector<double> y_;
  Index season_;
  bool logarithm_;
  double mean_ = 0;
  double growth_scale_ = 1;
  double change_scale_ = 1;
};

}  // namespace recur
