#include <recur/optim/ftrl.h>

#include <recur/framework/simd/simd_math.h>
#include <recur/optim/elementwise.h>

namespace recur::optim {
namespace {

template <simd::Vector V>
V to_power(V x, double power) {
  if (power == 0.5) return simd::sqrt(x);
  if (power == 0) return simd::splat<V>(1);
  // The logarithm of 0 is none to go on with.
  return simd::select<V>(x == 0, V{}, simd::pow(x, static_cast<simd::Element<V>>(power)));
}

}  // namespace

FtrlRule::FtrlRule(FtrlRuleOptions options) : options_(options) {
  require<ValueError>(options.learning_rate_power <= 0, "ftrl: learning_rate_power {}, must be at most 0",
                      options.learning_rate_power);
  require<ValueError>(options.initial_accumulator >= 0, "ftrl: initial accumulator {}, must not be negative",
                      options.initial_accumulator);
  require<ValueError>(options.l1 >= 0 && options.l2 >= 0 && options.l2_shrinkage >= 0 && options.beta >= 0,
                      "ftrl: l1 {}, l2 {}, l2_shrinkage {}, beta {}: must not be negative", options.l1, options.l2,
                      options.l2_shrinkage, options.beta);
}

template <Scalar T>
void FtrlRule::update(ParameterBlock<T>& block) const {
  using V = simd::Vec<T>;
  if (learning_rate_ == 0) {
    block.scale = 0;
    return;
  }
  block.scale /= -learning_rate_;
  const double power = -options_.learning_rate_power;
  const V l1 = simd::splat<V>(static_cast<T>(options_.l1));
  const auto shrinkage = static_cast<T>(2 * options_.l2_shrinkage);
  const auto by_rate = static_cast<T>(1 / learning_rate_);
  const auto constant = static_cast<T>(2 * options_.l2 + options_.beta / learning_rate_);
  const auto f = [=](V g, V w, V& accumulator, V& linear) {
    const V before = to_power(accumulator, power);
    accumulator += g * g;
    const V now = to_power(accumulator, power);
    linear += g + shrinkage * w - (now - before) * by_rate * w;
    const V rest = simd::min(simd::max(linear, -l1), l1) - linear;
    // With nothing in the way and no gradient so far there is nothing to divide by either.
    const V divisor = now * by_rate + constant;
    return simd::select<V>(rest == 0, V{}, rest / divisor) - w;
  };
  transform(block, f, block.value, block.slot(0), block.slot(1));
}

template void FtrlRule::update(ParameterBlock<float>&) const;
template void FtrlRule::update(ParameterBlock<double>&) const;

}  // namespace recur::optim
