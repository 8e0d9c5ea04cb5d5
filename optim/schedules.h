#pragma once

#include <recur/framework/tensor/shape.h>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace recur::optim {

struct ScheduleSource;

/// A number that depends on the number of updates: a constant, or any `double(Index step)` with step from 0.
class Schedule {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a number is a schedule.
  Schedule(double constant) : constant_(constant) {}
  template <class F>
    requires(!std::same_as<F, Schedule> && !std::convertible_to<F, double> &&
             std::is_invocable_r_v<double, const F&, Index>)
  // NOLINTNEXTLINE(google-explicit-constructor): and so is a function.
  Schedule(F function) : function_(std::move(function)) {}

  /// Makes a schedule of a function, with the options it was made from for `get_config` (schedule_config.h).
  Schedule(std::function<double(Index)> function, std::shared_ptr<const ScheduleSource> source)
      : function_(std::move(function)), source_(std::move(source)) {}

  [[nodiscard]] double operator()(Index step) const { return function_ ? function_(step) : constant_; }
  /// Returns the number if the schedule is a constant.
  [[nodiscard]] std::optional<double> constant() const { return function_ ? std::nullopt : std::optional(constant_); }
  /// Returns the options it was made from; null for a constant and for a user's function.
  [[nodiscard]] const ScheduleSource* source() const { return source_.get(); }

 private:
  double constant_ = 0;
  std::function<double(Index)> function_;
  std::shared_ptr<const ScheduleSource> source_;
};

struct PiecewiseConstantOptions {
  std::vector<Index> boundaries;
  std::vector<double> values;
};
/// Returns `values[i]` for the first i with step <= boundaries[i], and the last value after all boundaries. Throws
/// ValueError unless boundaries increase and there is one value more than boundaries. (Keras PiecewiseConstantDecay)
[[nodiscard]] Schedule piecewise_constant(std::vector<Index> boundaries, std::vector<double> values);

struct StepDecayOptions {
  double initial;
  Index every;  ///< steps
  double factor = 0.1;
};
/// initial · factor^floor(step / every). (PyTorch StepLR)
[[nodiscard]] Schedule step_decay(StepDecayOptions options);

struct ExponentialDecayOptions {
  double initial;
  Index decay_steps;
  double decay_rate;
  bool staircase = false;  ///< round step / decay_steps down
};
/// initial · decay_rate^(step / decay_steps). (Keras ExponentialDecay)
[[nodiscard]] Schedule exponential_decay(ExponentialDecayOptions options);

struct PolynomialDecayOptions {
  double initial;
  Index decay_steps;
  double end = 1e-4;
  double power = 1;
  bool cycle = false;  ///< start again, over a multiple of decay_steps, rather than stay at `end`
};
/// (initial - end)(1 - step / decay_steps)^power + end. (Keras PolynomialDecay)
[[nodiscard]] Schedule polynomial_decay(PolynomialDecayOptions options);

struct InverseTimeDecayOptions {
  double initial;
  Index decay_steps;
  double decay_rate;
  bool staircase = false;
};
/// initial / (1 + decay_rate · step / decay_steps). (Keras InverseTimeDecay)
[[nodiscard]] Schedule inverse_time_decay(InverseTimeDecayOptions options);

struct CosineDecayOptions {
  double initial;
  Index decay_steps;
  double alpha = 0;  ///< fraction of `initial` that stays
};
/// initial · ((1 - alpha)(1 + cos(pi · step / decay_steps)) / 2 + alpha). (Keras CosineDecay; Loshchilov and Hutter
/// 2017)
[[nodiscard]] Schedule cosine_decay(CosineDecayOptions options);

struct CosineRestartsOptions {
  double initial;
  Index first_decay_steps;
  double t_mul = 2;  ///< each period is so many times as long as the one before …
  double m_mul = 1;  ///< … and starts so many times as high above the end
  double alpha = 0;  ///< fraction of `initial` at which all periods end
};
/// Cosine decay that starts again. (Keras CosineDecayRestarts; SGDR, Loshchilov and Hutter 2017)
[[nodiscard]] Schedule cosine_restarts(CosineRestartsOptions options);

struct WarmUpOptions {
  Index steps;
  double start = 0;
};
/// A straight line from `start` at step 0 to the first value of `then`, reached at step `steps`; from there on `then`,
/// counted from its own step 0.
[[nodiscard]] Schedule warm_up(WarmUpOptions options, Schedule then);

struct OneCycleOptions {
  double maximum;
  Index total_steps;
  double rising = 0.3;          ///< fraction of the steps spent rising
  double initial_divisor = 25;  ///< starts at maximum / initial_divisor …
  double final_divisor = 1e4;   ///< … and ends at the start / final_divisor
};
/// Up and down again along cosines. (PyTorch OneCycleLR; Smith and Topin 2018)
[[nodiscard]] Schedule one_cycle(OneCycleOptions options);

struct InverseSquareRootOptions {
  double peak;
  Index warm_up_steps;
};
/// Rises in a straight line to `peak`, reached by the update number `warm_up_steps`, and falls with 1 / sqrt(number)
/// from there on. (Vaswani et al. 2017)
[[nodiscard]] Schedule inverse_square_root(InverseSquareRootOptions options);

struct LinearCosineDecayOptions {
  double initial;
  Index decay_steps;
  double periods = 0.5;  ///< of the cosine
  double alpha = 0;
  double beta = 0.001;
};
/// initial · ((alpha + 1 - x)(1 + cos(2 pi · periods · x)) / 2 + beta), x = step / decay_steps, at most 1.
/// (TensorFlow's linear_cosine_decay; Bello et al. 2017)
[[nodiscard]] Schedule linear_cosine_decay(LinearCosineDecayOptions options);

struct NoisyLinearCosineDecayOptions {
  double initial;
  Index decay_steps;
  double initial_variance = 1;
  double variance_decay = 0.55;
  double periods = 0.5;  ///< of the cosine
  double alpha = 0;
  double beta = 0.001;
  Index seed = 0;  ///< of the noise, which depends on it and the step alone
};
/// Linear cosine decay with noise on the straight line: 1 - x + n, n normal with the variance initial_variance / (1 +
/// step)^variance_decay, step being at most decay_steps. It may be negative, as TensorFlow's
/// noisy_linear_cosine_decay. (Bello et al. 2017)
[[nodiscard]] Schedule noisy_linear_cosine_decay(NoisyLinearCosineDecayOptions options);

struct WarmUpSource {
  WarmUpOptions options;
  Schedule then;
};
/// What a schedule was made of.
struct ScheduleSource {
  std::variant<PiecewiseConstantOptions, StepDecayOptions, ExponentialDecayOptions, PolynomialDecayOptions,
               InverseTimeDecayOptions, CosineDecayOptions, CosineRestartsOptions, LinearCosineDecayOptions,
               NoisyLinearCosineDecayOptions, WarmUpSource, OneCycleOptions, InverseSquareRootOptions>
      options;
};

struct ReduceOnPlateauOptions {
  double factor = 0.1;      ///< below 1
  Index patience = 10;      ///< observations without improvement that are borne
  double min_delta = 1e-4;  ///< what counts as improvement
  Index cooldown = 0;       ///< observations after a reduction that are not counted
  double minimum = 0;       ///< the learning rate is not reduced below
  bool maximize = false;    ///< what is observed should grow (an accuracy)
};

/// Reduces the learning rate when what is observed, usually the validation loss after each epoch, stops improving:
/// `optimizer.set_learning_rate(plateau.observe(loss, optimizer.learning_rate()))`. (Keras ReduceLROnPlateau)
class ReduceOnPlateau {
 public:
  /// @throws ValueError for a factor not in (0, 1) or negative counts.
  explicit ReduceOnPlateau(ReduceOnPlateauOptions options = {});
  /// The learning rate to go on with.
  [[nodiscard]] double observe(double value, double learning_rate);

  /// What it has seen, to save and go on with.
  struct State {
    std::optional<double> best;
    Index waited = 0;   ///< observations since the best
    Index cooling = 0;  ///< observations that will not be counted
  };
  [[nodiscard]] const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

 private:
  ReduceOnPlateauOptions options_;
  State state_;
};

/// A schedule by its name: `constant`, `cosine` or `linear`, which fall to zero within `steps`. @throws ValueError for
/// another name.
[[nodiscard]] Schedule schedule_by_name(std::string_view name, double learning_rate, Index steps);

}  // namespace recur::optim
