#pragma once

#include <recur/layers/dense.h>
#include <recur/layers/recurrent/carried_state.h>
#include <recur/layers/recurrent/rnn.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace recur::examples {

/// A seasonal series in the form the network learns: with y the (log of the) series and s its season,
/// growth d[t] = y[t] - y[t-s] and its change w[t] = d[t] - d[t-1], both scaled by the training part.
/// A season of 1 means none: d = y.
class GrowthSeries {
 public:
  /// @param train number of values, from the first, that may be learned from
  /// @throws ValueError when these are fewer than three seasons, or do not vary
  GrowthSeries(std::vector<double> values, Index season, Index train);

  [[nodiscard]] Index first_step() const { return season_ == 1 ? 1 : season_ + 1; }
  [[nodiscard]] Index features() const { return season_ == 1 ? 2 : 3; }
  /// What is known before step t: the last growth, its change, and the change one season ago (0 where that is before the start).
  [[nodiscard]] std::vector<double> inputs(Index t) const;
  /// The scaled change at step t, to be predicted.
  [[nodiscard]] double target(Index t) const;
  /// y at step t if the scaled change is `change`; forecasts are averaged in y.
  [[nodiscard]] double level_for(Index t, double change) const;
  /// The value that a y stands for.
  [[nodiscard]] double to_value(double level) const;
  /// Sets y at step t (a forecast, to go on from).
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

/// Two stacked LSTMs and a Dense that starts at zero: at first it predicts that growth stays as it is.
class SeasonalLSTM {
 public:
  SeasonalLSTM(Index features, Index units, std::uint64_t seed);
  void visit(ParameterVisitor& visitor);
  /// `[time, 1, features]` → `[time, 1, 1]`; starts from `state` and leaves the final states in it.
  [[nodiscard]] Var operator()(Var inputs, CarriedState& state);

 private:
  RNN rnn_;
  Dense output_;
};

struct SeasonalTraining {
  Index steps = 100;
  double learning_rate = 0.01;  ///< Falls to zero linearly.
  double noise = 1;             ///< Standard deviation of what is added to every input at every step: the regularizer.
  Index units = 16;
};

/// Trains a network on values [first_step, train) of the series, all in one sequence.
[[nodiscard]] SeasonalLSTM train_seasonal(const GrowthSeries& series, Index train, const SeasonalTraining& training,
                                          std::uint64_t seed, const std::function<void(Index step)>& progress);

/// Levels (GrowthSeries::to_value) predicted for [train, end): each from the true values before it, or `free_running` from the
/// forecasts themselves.
[[nodiscard]] std::vector<double> forecast_levels(SeasonalLSTM& model, GrowthSeries series, Index train, Index end,
                                                  bool free_running);

}  // namespace recur::examples
