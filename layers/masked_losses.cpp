#include <recur/layers/masked_losses.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>

#include <cmath>
#include <numbers>

namespace recur {
namespace {

/// Predictions `[targets of the batch, numbers]`, targets and weights `[targets of the batch, 1]`.
struct Columns {
  Var prediction, target, weight;
  double count;
};

Columns columns(const char* loss, Var prediction, const MaskedTargets& target, Index numbers) {
  const Index targets = target.values.shape().count();
  require(
      prediction.shape().count() == targets * numbers,
      "{}: prediction {} for targets {}: {} numbers for each are needed, {} at each step or for each window (the units "
      "of the last layer)",
      loss, prediction.shape(), target.values.shape(), numbers, target.values.shape().cols() * numbers);
  return {reshape(prediction, {targets, numbers}), reshape(target.values, {targets, 1}),
          reshape(target.weights, {targets, 1}), target.count};
}

Var mean_of(Var weighted, double count) { return sum(weighted) * (count > 0 ? 1 / count : 0.0); }

Var column(Var x, Index at) { return slice(x, -1, at, 1); }

}  // namespace

MaskedTargets masked_targets(Tape& tape, const Tensor<float>& targets, std::span<const float> weights) {
  require(weights.empty() || static_cast<Index>(weights.size()) == targets.size(),
          "masked_targets: {} weights for targets {}", weights.size(), targets.shape());
  Tensor<float> values(targets.shape()), factors(targets.shape());
  double count = 0;
  for (Index i = 0; i < targets.size(); ++i) {
    if (std::isnan(targets.data()[i])) continue;
    values.data()[i] = targets.data()[i];
    factors.data()[i] = weights.empty() ? 1.0F : weights[static_cast<std::size_t>(i)];
    ++count;
  }
  return {tape.constant(values), tape.constant(factors), count};
}

Var masked_squared_error(Var prediction, const MaskedTargets& target) {
  const Columns c = columns("masked_squared_error", prediction, target, 1);
  return mean_of(c.weight * square(c.prediction - c.target), c.count);
}

Var masked_absolute_error(Var prediction, const MaskedTargets& target) {
  const Columns c = columns("masked_absolute_error", prediction, target, 1);
  return mean_of(c.weight * abs(c.prediction - c.target), c.count);
}

Var masked_huber(Var prediction, const MaskedTargets& target, double delta) {
  require<ValueError>(delta > 0, "masked_huber: delta must be positive, got {}", delta);
  const Columns c = columns("masked_huber", prediction, target, 1);
  return mean_of(fuse(
                     [delta](auto y, auto t, auto w) {
                       const auto distance = abs(y - t);
                       const auto within = min(distance, delta);
                       return w * (0.5 * square(within) + delta * (distance - within));
                     },
                     c.prediction, c.target, c.weight),
                 c.count);
}

Var quantile_loss(Var prediction, const MaskedTargets& target, std::span<const double> quantiles) {
  require<ValueError>(!quantiles.empty(), "quantile_loss: no quantiles");
  const Columns c = columns("quantile_loss", prediction, target, static_cast<Index>(quantiles.size()));
  Var total;
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    const double q = quantiles[i];
    require<ValueError>(q > 0 && q < 1, "quantile_loss: quantile {}, must be between 0 and 1", q);
    const Var error = fuse(
        [q](auto y, auto t, auto w) {
          const auto d = t - y;
          return w * max(q * d, (q - 1) * d);
        },
        column(c.prediction, static_cast<Index>(i)), c.target, c.weight);
    const Var one = mean_of(error, c.count * static_cast<double>(quantiles.size()));
    total = total.defined() ? Var(total + one) : one;
  }
  return total;
}

Var gaussian_loss(Var prediction, const MaskedTargets& target) {
  const Columns c = columns("gaussian_loss", prediction, target, 2);
  const double constant = 0.5 * std::log(2 * std::numbers::pi);
  const Var loss = fuse(
      [constant](auto m, auto s, auto t, auto w) {
        const auto deviation = softplus(s) + 1e-3;
        return w * (0.5 * square((t - m) / deviation) + log(deviation) + constant);
      },
      column(c.prediction, 0), column(c.prediction, 1), c.target, c.weight);
  return mean_of(loss, c.count);
}

Var student_t_loss(Var prediction, const MaskedTargets& target, double freedom) {
  require<ValueError>(freedom > 0, "student_t_loss: {} degrees of freedom, must be positive", freedom);
  const Columns c = columns("student_t_loss", prediction, target, 2);
  const double constant =
      std::lgamma(freedom / 2) - std::lgamma((freedom + 1) / 2) + 0.5 * std::log(freedom * std::numbers::pi);
  const double power = (freedom + 1) / 2;
  const Var loss = fuse(
      [=](auto m, auto s, auto t, auto w) {
        const auto deviation = softplus(s) + 1e-3;
        return w * (power * log(1 + square((t - m) / deviation) * (1 / freedom)) + log(deviation) + constant);
      },
      column(c.prediction, 0), column(c.prediction, 1), c.target, c.weight);
  return mean_of(loss, c.count);
}

Var kling_gupta_loss(Var prediction, const MaskedTargets& target) {
  const Columns c = columns("kling_gupta_loss", prediction, target, 1);
  constexpr double least = 1e-8;  // variance that keeps roots and quotients finite
  const Var counts = fuse([](auto w) { return greater(w, 0.0); }, c.weight);
  const auto mean = [&](Var x) { return mean_of(x, c.count); };
  const Var mean_p = mean(counts * c.prediction), mean_t = mean(counts * c.target);
  const Var p = counts * (c.prediction - mean_p), t = counts * (c.target - mean_t);
  const Var pp = mean(square(p)) + least, tt = mean(square(t)) + least;
  const Var r = mean(p * t) / sqrt(pp * tt);
  return sqrt(square(r - 1.0) + square(sqrt(pp / tt) - 1.0) + square(mean_p / mean_t - 1.0) + least);
}

}  // namespace recur
