#include <recur/optim/adabelief.h>

#include <recur/framework/simd/simd_math.h>
#include <recur/optim/assemble.h>
#include <recur/optim/elementwise.h>

#include <cmath>

namespace recur::optim {

ScaleByBelief::ScaleByBelief(double beta_1, double beta_2, double epsilon)
    : beta_1_(beta_1), beta_2_(beta_2), epsilon_(epsilon) {
  for (const double beta : {beta_1, beta_2})
    require<ValueError>(beta >= 0 && beta < 1, "adabelief: beta {}, must be in [0, 1)", beta);
  require<ValueError>(epsilon >= 0, "adabelief: epsilon {}, must not be negative", epsilon);
}

void ScaleByBelief::begin(const UpdateInfo& step) {
  const auto t = static_cast<double>(step.own);
  root_ = std::sqrt(1 - std::pow(beta_2_, t));
  correction_ = root_ / (1 - std::pow(beta_1_, t));
}

template <Scalar T>
void ScaleByBelief::update(ParameterBlock<T>& block) const {
  const auto keep_1 = static_cast<T>(beta_1_), take_1 = static_cast<T>(1 - beta_1_);
  const auto keep_2 = static_cast<T>(beta_2_), take_2 = static_cast<T>(1 - beta_2_);
  const auto added = static_cast<T>(epsilon_), outside = static_cast<T>(epsilon_ * root_);
  const auto f = [=](auto g, auto& m, auto& s) {
    m = keep_1 * m + take_1 * g;
    const auto surprise = g - m;
    s = keep_2 * s + take_2 * (surprise * surprise) + added;
    return m / (simd::sqrt(s) + outside);
  };
  transform(block, f, block.slot(0), block.slot(1));
  block.scale = correction_;
}
template void ScaleByBelief::update(ParameterBlock<float>& block) const;
template void ScaleByBelief::update(ParameterBlock<double>& block) const;

Optimizer adabelief(AdabeliefOptions options) {
  std::vector<AnyLink> links{ScaleByBelief(options.beta_1, options.beta_2, options.epsilon),
                             scale_by_learning_rate(options.learning_rate, options.decay)};
  const double weight_decay = options.weight_decay;
  return detail::assemble(std::move(options), std::move(links), weight_decay, true);
}

}  // namespace recur::optim
