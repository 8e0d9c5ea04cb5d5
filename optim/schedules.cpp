#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/random.h>
#include <recur/optim/schedules.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace recur::optim {
namespace {

/// `step` as a number of periods of `length` steps.
double fraction(Index step, Index length) { return static_cast<double>(step) / static_cast<double>(length); }

void check_steps(Index steps, const char* function) {
  require<ValueError>(steps > 0, "{}: {} steps, must be positive", function, steps);
}

/// The schedule `f(options, step)`, which tells what it was made of.
template <class Options, class F>
Schedule with_source(Options options, F f) {
  const auto source = std::make_shared<const ScheduleSource>(ScheduleSource{std::move(options)});
  return {[source, f](Index step) { return f(std::get<Options>(source->options), step); }, source};
}

/// From `start` to `end` along half a cosine while `x` goes from 0 to 1.
double along_cosine(double start, double end, double x) {
  return end + (start - end) * (1 + std::cos(std::numbers::pi * x)) / 2;
}

double linear_cosine(const auto& o, Index step, double noise) {
  const double x = std::min(fraction(step, o.decay_steps), 1.0);
  const double wave = (1 + std::cos(2 * std::numbers::pi * o.periods * x)) / 2;
  return o.initial * ((o.alpha + 1 - x + noise) * wave + o.beta);
}

}  // namespace

Schedule piecewise_constant(std::vector<Index> boundaries, std::vector<double> values) {
  require<ValueError>(values.size() == boundaries.size() + 1,
                      "piecewise_constant: {} boundaries and {} values, need {}", boundaries.size(), values.size(),
                      boundaries.size() + 1);
  require<ValueError>(std::is_sorted(boundaries.begin(), boundaries.end(), std::less_equal<>()),
                      "piecewise_constant: boundaries must increase");
  return with_source(PiecewiseConstantOptions{std::move(boundaries), std::move(values)}, [](auto& o, Index step) {
    const auto at = std::lower_bound(o.boundaries.begin(), o.boundaries.end(), step);
    return o.values[static_cast<std::size_t>(at - o.boundaries.begin())];
  });
}

Schedule step_decay(StepDecayOptions options) {
  check_steps(options.every, "step_decay");
  return with_source(
      options, [](auto& o, Index step) { return o.initial * std::pow(o.factor, static_cast<double>(step / o.every)); });
}

Schedule exponential_decay(ExponentialDecayOptions options) {
  check_steps(options.decay_steps, "exponential_decay");
  return with_source(options, [](auto& o, Index step) {
    const double periods = fraction(step, o.decay_steps);
    return o.initial * std::pow(o.decay_rate, o.staircase ? std::floor(periods) : periods);
  });
}

Schedule polynomial_decay(PolynomialDecayOptions options) {
  check_steps(options.decay_steps, "polynomial_decay");
  return with_source(options, [](auto& o, Index step) {
    const double periods = fraction(step, o.decay_steps);
    const double length = o.cycle ? std::max(1.0, std::ceil(periods)) : 1.0;
    const double done = std::min(periods / length, 1.0);
    return (o.initial - o.end) * std::pow(1 - done, o.power) + o.end;
  });
}

Schedule inverse_time_decay(InverseTimeDecayOptions options) {
  check_steps(options.decay_steps, "inverse_time_decay");
  return with_source(options, [](auto& o, Index step) {
    const double periods = fraction(step, o.decay_steps);
    return o.initial / (1 + o.decay_rate * (o.staircase ? std::floor(periods) : periods));
  });
}

Schedule cosine_decay(CosineDecayOptions options) {
  check_steps(options.decay_steps, "cosine_decay");
  return with_source(options, [](auto& o, Index step) {
    return along_cosine(o.initial, o.alpha * o.initial, std::min(fraction(step, o.decay_steps), 1.0));
  });
}

Schedule cosine_restarts(CosineRestartsOptions options) {
  check_steps(options.first_decay_steps, "cosine_restarts");
  require<ValueError>(options.t_mul >= 1, "cosine_restarts: t_mul {}, must be at least 1", options.t_mul);
  return with_source(options, [](auto& o, Index step) {
    double at = fraction(step, o.first_decay_steps);  // in first periods
    double period = std::floor(at);
    if (o.t_mul == 1) {
      at -= period;
    } else {
      // Period i starts at 1 + t_mul + … = (t_mul^i - 1) / (t_mul - 1) and lasts t_mul^i.
      period = std::floor(std::log1p(at * (o.t_mul - 1)) / std::log(o.t_mul) + 1e-12);
      const double length = std::pow(o.t_mul, period);
      at = (at - (length - 1) / (o.t_mul - 1)) / length;
    }
    const double top = o.initial * ((1 - o.alpha) * std::pow(o.m_mul, period) + o.alpha);
    return along_cosine(top, o.alpha * o.initial, std::clamp(at, 0.0, 1.0));
  });
}

Schedule warm_up(WarmUpOptions options, Schedule then) {
  check_steps(options.steps, "warm_up");
  return with_source(WarmUpSource{options, std::move(then)}, [](auto& o, Index step) {
    if (step >= o.options.steps) return o.then(step - o.options.steps);
    return o.options.start + (o.then(0) - o.options.start) * fraction(step, o.options.steps);
  });
}

Schedule one_cycle(OneCycleOptions options) {
  check_steps(options.total_steps, "one_cycle");
  require<ValueError>(
      options.rising > 0 && options.rising < 1 && options.initial_divisor > 0 && options.final_divisor > 0,
      "one_cycle: rising {} (must be in (0, 1)), divisors {} and {} (must be positive)", options.rising,
      options.initial_divisor, options.final_divisor);
  return with_source(options, [](auto& o, Index step) {
    const double start = o.maximum / o.initial_divisor;
    const double top = o.rising * static_cast<double>(o.total_steps) - 1;
    const auto end = static_cast<double>(o.total_steps - 1);
    const auto at = std::min(static_cast<double>(step), end);
    if (at < top) return along_cosine(start, o.maximum, at / top);
    return along_cosine(o.maximum, start / o.final_divisor, (at - top) / (end - top));
  });
}

Schedule inverse_square_root(InverseSquareRootOptions options) {
  check_steps(options.warm_up_steps, "inverse_square_root");
  return with_source(options, [](auto& o, Index step) {
    const double at = fraction(step + 1, o.warm_up_steps);
    return o.peak * std::min(at, 1 / std::sqrt(at));
  });
}

Schedule linear_cosine_decay(LinearCosineDecayOptions options) {
  check_steps(options.decay_steps, "linear_cosine_decay");
  return with_source(options, [](auto& o, Index step) { return linear_cosine(o, step, 0); });
}

Schedule noisy_linear_cosine_decay(NoisyLinearCosineDecayOptions options) {
  check_steps(options.decay_steps, "noisy_linear_cosine_decay");
  require<ValueError>(options.initial_variance >= 0, "noisy_linear_cosine_decay: variance {}, must not be negative",
                      options.initial_variance);
  return with_source(options, [](auto& o, Index step) {
    const Index at = std::min(step, o.decay_steps);
    const double variance = o.initial_variance / std::pow(1.0 + static_cast<double>(at), o.variance_decay);
    Generator generator = Generator(static_cast<std::uint64_t>(o.seed)).fork(static_cast<std::uint64_t>(step));
    return linear_cosine(o, step, std::sqrt(variance) * generator.normal());
  });
}

ReduceOnPlateau::ReduceOnPlateau(ReduceOnPlateauOptions options) : options_(options) {
  require<ValueError>(options.factor > 0 && options.factor < 1, "ReduceOnPlateau: factor {}, must be in (0, 1)",
                      options.factor);
  require<ValueError>(options.patience >= 0 && options.cooldown >= 0 && options.minimum >= 0,
                      "ReduceOnPlateau: patience {}, cooldown {}, minimum {}: must not be negative", options.patience,
                      options.cooldown, options.minimum);
}

double ReduceOnPlateau::observe(double value, double learning_rate) {
  const double sign = options_.maximize ? -1 : 1;
  if (state_.cooling > 0) {
    --state_.cooling;
    state_.waited = 0;
  }
  const bool first = !state_.best && !std::isnan(value);  // NaN is no best value
  if (first || (state_.best && sign * value < sign * *state_.best - options_.min_delta)) {
    state_.best = value;
    state_.waited = 0;
    return learning_rate;
  }
  if (state_.cooling > 0 || ++state_.waited < options_.patience) return learning_rate;
  state_.waited = 0;
  state_.cooling = options_.cooldown;
  return std::min(learning_rate, std::max(learning_rate * options_.factor, options_.minimum));
}

Schedule schedule_by_name(std::string_view name, double learning_rate, Index steps) {
  if (name == "cosine") return cosine_decay({.initial = learning_rate, .decay_steps = std::max<Index>(1, steps)});
  if (name == "linear")
    return polynomial_decay({.initial = learning_rate, .decay_steps = std::max<Index>(1, steps), .end = 0});
  require<ValueError>(name == "constant", "schedule_by_name: no schedule '{}'; there are constant, cosine, linear",
                      name);
  return learning_rate;
}

}  // namespace recur::optim
