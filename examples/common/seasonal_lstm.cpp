#include "seasonal_lstm.h"

#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/losses.h>
#include <recur/optim/optimizers.h>
#include <recur/optim/schedules.h>

#include <algorithm>
#include <cmath>

namespace recur::examples {
namespace {

constexpr Index lstm_layers = 2;

// Standard deviation, with the mean by reference.
double deviation(std::span<const double> values, double& mean) {
  mean = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  double square = 0;
  for (const double v : values) square += (v - mean) * (v - mean) / static_cast<double>(values.size());
  return std::sqrt(square);
}

RNN stacked_lstm(Index units) {
  std::vector<AnyCell> cells;
  for (Index layer = 0; layer < lstm_layers; ++layer) cells.emplace_back(LSTMCell(units));
  return RNN(std::move(cells), {.return_sequences = true, .return_state = true, .time_major = true});
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
  const double d = growth(t - 1) + change_scale_ * change;
  return season_ == 1 ? d : y_[static_cast<std::size_t>(t - season_)] + d;
}

double GrowthSeries::to_value(double level) const { return logarithm_ ? std::exp(level) : level; }
void GrowthSeries::set_level(Index t, double level) { y_[static_cast<std::size_t>(t)] = level; }

SeasonalLSTM::SeasonalLSTM(Index features, Index units, std::uint64_t seed)
    : rnn_(stacked_lstm(units)), output_(1, {.kernel_initializer = zeros()}) {
  Builder builder(features, DType::float32, Generator(seed));
  rnn_.build(builder);
  builder.input_size = units;
  output_.build(builder);
}

void SeasonalLSTM::visit(ParameterVisitor& visitor) {
  visitor.in("rnn", rnn_);
  visitor.in("output", output_);
}

Var SeasonalLSTM::operator()(Var inputs, CarriedState& state) {
  const auto start = state.on(inputs.tape());
  const RNNResult hidden = rnn_.call(inputs, {.initial_state = start});
  state.store(hidden.states);
  return output_(hidden.output);
}

SeasonalLSTM train_seasonal(const GrowthSeries& series, Index train, const SeasonalTraining& training,
                            std::uint64_t seed, const std::function<void(Index step)>& progress) {
  const Index first = series.first_step();
  const Index time = train - first;
  Tensor<double> known({time, 1, series.features()});
  Tensor<double> targets({time, 1, 1});
  for (Index t = 0; t < time; ++t) {
    std::ranges::copy(series.inputs(first + t), known.slice(t).data);
    targets(t, 0, 0) = series.target(first + t);
  }
  SeasonalLSTM model(series.features(), training.units, seed);
  const auto learned = parameters(model);
  optim::Optimizer optimizer =
      optim::adam({.learning_rate = optim::polynomial_decay(
                       {.initial = training.learning_rate, .decay_steps = training.steps, .end = 0}),
                   .clip = {.global_norm = 1}});
  Tape tape;
  Generator noise = Generator(seed).fork("noise");
  for (Index step = 0; step < training.steps; ++step) {
    Tensor<double> noisy = known.clone();
    for (double& value : noisy.values()) value += training.noise * noise.normal();
    CarriedState state;
    const Var loss = mean_squared_error(model(tape.constant(noisy), state), tape.constant(targets));
    tape.backward(loss);
    optimizer.step(learned);
    tape.reset();
    progress(step);
  }
  return model;
}

std::vector<double> forecast_levels(SeasonalLSTM& model, GrowthSeries series, Index train, Index end,
                                    bool free_running) {
  Tape tape;
  const NoGradient guard(tape);
  CarriedState state;
  std::vector<double> levels;
  for (Index t = series.first_step(); t < end; ++t) {
    const auto known = series.inputs(t);
    const double change = model(tape.constant({1, 1, series.features()}, std::span<const double>(known)), state).item();
    tape.reset();
    if (t < train) continue;
    levels.push_back(series.level_for(t, change));
    if (free_running) series.set_level(t, levels.back());
  }
  return levels;
}

}  // namespace recur::examples
