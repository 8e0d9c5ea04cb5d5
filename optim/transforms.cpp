#include <recur/framework/threads/parallel.h>
#include <recur/optim/elementwise.h>
#include <recur/optim/transforms.h>

#include <array>
#include <cmath>
#include <numeric>
#include <set>

namespace recur::optim {
namespace {

/// Sum of squares, in registers; in double, slowly, where the squares leave the range of float.
template <Scalar T>
double squares(std::span<const T> x) {
  simd::Vec<T> sum{};
  const auto count = static_cast<std::ptrdiff_t>(x.size());
  std::ptrdiff_t i = 0;
  for (; i + simd::lanes<T> <= count; i += simd::lanes<T>) {
    const auto v = simd::load(x.data() + i);
    sum = simd::multiply_add(v, v, sum);
  }
  const auto rest = simd::load_partial(x.data() + i, count - i);
  const auto total = static_cast<double>(simd::horizontal_sum<simd::Vec<T>>(sum + rest * rest));
  if (std::isfinite(total)) return total;
  return std::accumulate(x.begin(), x.end(), 0.0, [](double s, T v) { return s + double{v} * double{v}; });
}

/// Of the gradient of one parameter. The parts summed up do not depend on the number of threads.
double squared_norm(const Parameter& parameter) {
  constexpr Index most_parts = 64;
  constexpr Index least_part = 4096;  // elements; float sums of so few are exact enough
  return dispatch_real(parameter.gradient.dtype(), [&]<class T>() {
    const auto all = parameter.gradient.as<T>().values();
    const auto count = static_cast<Index>(all.size());
    const Index length = std::max(least_part, (count + most_parts - 1) / most_parts);
    std::array<double, most_parts> parts{};
    parallel_for((count + length - 1) / length, 2 * length, [&](Index i) {
      double sum = 0;
      for (Index at = i * length; at < std::min(count, (i + 1) * length); at += least_part) {
        const Index end = std::min({at + least_part, (i + 1) * length, count});
        sum += squares<T>(all.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(end - at)));
      }
      parts[static_cast<std::size_t>(i)] = sum;
    });
    return std::accumulate(parts.begin(), parts.end(), 0.0);
  });
}

/// What makes `norm` at most `limit`; not a number when the norm is none.
double clip_factor(double norm, double limit) { return norm <= limit ? 1 : limit / norm; }

double positive(double limit, const char* function) {
  require<ValueError>(limit > 0, "{}: limit {}, must be positive", function, limit);
  return limit;
}

double not_negative(double x, const char* function) {
  require<ValueError>(x >= 0, "{}: {}, must not be negative", function, x);
  return x;
}

template <Scalar T>
void add_values(ParameterBlock<T>& block, double factor) {
  transform(
      block, [f = static_cast<T>(factor)](auto g, auto w) { return g + f * w; }, block.value);
}

}  // namespace

double global_norm(std::span<Parameter* const> parameters) {
  double sum = 0;
  for (const Parameter* parameter : parameters) sum += squared_norm(*parameter);
  return std::sqrt(sum);
}

double global_norm(std::span<const NamedParameter> parameters) {
  double sum = 0;
  std::set<const Parameter*> seen;
  for (const auto& [path, parameter] : parameters)
    if (parameter->trainable && seen.insert(parameter).second) sum += squared_norm(*parameter);
  return std::sqrt(sum);
}

ClipByValue::ClipByValue(double limit) : limit_(positive(limit, "clip_by_value")) {}

template <Scalar T>
void ClipByValue::update(ParameterBlock<T>& block) const {
  using V = simd::Vec<T>;
  const V limit = simd::splat<V>(static_cast<T>(limit_));
  // NaN stays NaN: `min` and `max` give their second operand then.
  transform(block, [=](V g) { return simd::min(limit, simd::max(-limit, g)); });
}

ClipByNorm::ClipByNorm(double limit) : limit_(positive(limit, "clip_by_norm")) {}

void ClipByNorm::prepare(std::span<Parameter* const> all) {
  factors_.resize(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) factors_[i] = clip_factor(std::sqrt(squared_norm(*all[i])), limit_);
}

ClipByGlobalNorm::ClipByGlobalNorm(double limit) : limit_(positive(limit, "clip_by_global_norm")) {}

void ClipByGlobalNorm::prepare(std::span<Parameter* const> all) { factor_ = clip_factor(global_norm(all), limit_); }

ScaleByLearningRate::ScaleByLearningRate(Schedule learning_rate, double decay)
    : schedule_(0.0), decay_(not_negative(decay, "scale_by_learning_rate: decay")) {
  set_schedule(std::move(learning_rate));
}

void ScaleByLearningRate::set_schedule(Schedule learning_rate) {
  if (const auto rate = learning_rate.constant()) not_negative(*rate, "learning rate");
  schedule_ = std::move(learning_rate);
}

AddDecayedWeights::AddDecayedWeights(double rate, ParameterFilter filter)
    : rate_(not_negative(rate, "add_decayed_weights: rate")), selection_(std::move(filter)) {}

template <Scalar T>
void AddDecayedWeights::update(ParameterBlock<T>& block) const {
  if (selection_.accepts(block.parameter)) add_values(block, rate_);
}

DecayWeights::DecayWeights(double rate, ParameterFilter filter)
    : rate_(not_negative(rate, "decay_weights: rate")), selection_(std::move(filter)) {}

template <Scalar T>
void DecayWeights::update(ParameterBlock<T>& block) const {
  if (selection_.accepts(block.parameter)) add_values(block, factor_);
}

AverageWeights::AverageWeights(double momentum) : momentum_(momentum) {
  require<ValueError>(momentum >= 0 && momentum < 1, "average_weights: momentum {}, must be in [0, 1)", momentum);
}

template <Scalar T>
void AverageWeights::update(ParameterBlock<T>& block) const {
  const auto keep = static_cast<T>(keep_), take = static_cast<T>(1 - keep_);
  const auto f = [=](auto change, auto w, auto& average) {
    average = keep * average + take * (w + change);
    return change;
  };
  transform(block, f, block.value, block.slot(0));
}

AccumulateGradients::AccumulateGradients(Index steps) : steps_(steps) {
  require<ValueError>(steps > 0, "accumulate_gradients: {} steps, must be positive", steps);
}

Momentum::Momentum(MomentumOptions options) : options_(options) {
  require<ValueError>(options.decay >= 0 && options.decay <= 1, "momentum: decay {}, must be in [0, 1]", options.decay);
  require<ValueError>(!options.nesterov || options.dampening == 0, "momentum: nesterov with dampening {}",
                      options.dampening);
}

template <Scalar T>
void Momentum::update(ParameterBlock<T>& block) const {
  const auto decay = static_cast<T>(options_.decay);
  const auto fresh = static_cast<T>(fresh_);
  if (options_.nesterov) {
    transform(
        block, [=](auto g, auto& v) { return g + decay * (v = decay * v + g); }, block.slot(0));
  } else {
    transform(
        block, [=](auto g, auto& v) { return v = decay * v + fresh * g; }, block.slot(0));
  }
}

template void ClipByValue::update(ParameterBlock<float>&) const;
template void ClipByValue::update(ParameterBlock<double>&) const;
template void AddDecayedWeights::update(ParameterBlock<float>&) const;
template void AddDecayedWeights::update(ParameterBlock<double>&) const;
template void DecayWeights::update(ParameterBlock<float>&) const;
template void DecayWeights::update(ParameterBlock<double>&) const;
template void AverageWeights::update(ParameterBlock<float>&) const;
template void AverageWeights::update(ParameterBlock<double>&) const;
template void Momentum::update(ParameterBlock<float>&) const;
template void Momentum::update(ParameterBlock<double>&) const;

}  // namespace recur::optim
