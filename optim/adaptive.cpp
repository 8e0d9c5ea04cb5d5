#include <recur/framework/simd/simd_math.h>
#include <recur/optim/adaptive.h>
#include <recur/optim/elementwise.h>

#include <algorithm>
#include <cmath>

namespace recur::optim {
namespace {

void check_decay(double decay, const char* what) {
  require<ValueError>(decay >= 0 && decay < 1, "{} {}, must be in [0, 1)", what, decay);
}

void check_epsilon(double epsilon, const char* function) {
  require<ValueError>(epsilon >= 0, "{}: epsilon {}, must not be negative", function, epsilon);
}

/// `average` moved towards `x`.
template <Scalar T>
struct Average {
  T keep, take;
  explicit Average(double decay) : keep(static_cast<T>(decay)), take(static_cast<T>(1 - decay)) {}
  auto operator()(auto average, auto x) const { return keep * average + take * x; }
};

template <simd::Vector V>
V clamp_at_zero(V x) {
  return simd::max(V{}, x);
}

}  // namespace

ScaleByAdam::ScaleByAdam(ScaleByAdamOptions options) : options_(options) {
  check_decay(options.beta_1, "scale_by_adam: beta_1");
  check_decay(options.beta_2, "scale_by_adam: beta_2");
  check_epsilon(options.epsilon, "scale_by_adam");
}

std::vector<Slot> ScaleByAdam::slots() const {
  if (options_.amsgrad) return {{"m"}, {"v"}, {"v_max"}};
  return {{"m"}, {"v"}};
}

void ScaleByAdam::begin(const UpdateInfo& step) {
  const auto t = static_cast<double>(step.own);
  const double root = std::sqrt(1 - std::pow(options_.beta_2, t));
  correction_ = root / (1 - std::pow(options_.beta_1, t));
  epsilon_ = options_.correct_epsilon ? options_.epsilon * root : options_.epsilon;
}

template <Scalar T>
void ScaleByAdam::update(ParameterBlock<T>& block) const {
  const Average<T> first(options_.beta_1), second(options_.beta_2);
  const auto epsilon = static_cast<T>(epsilon_);
  if (options_.amsgrad) {
    const auto f = [=](auto g, auto& m, auto& v, auto& largest) {
      m = first(m, g);
      v = second(v, g * g);
      largest = simd::max(largest, v);
      return m / (simd::sqrt(largest) + epsilon);
    };
    transform(block, f, block.slot(0), block.slot(1), block.slot(2));
  } else {
    const auto f = [=](auto g, auto& m, auto& v) {
      m = first(m, g);
      v = second(v, g * g);
      return m / (simd::sqrt(v) + epsilon);
    };
    transform(block, f, block.slot(0), block.slot(1));
  }
  block.scale = correction_;
}

ScaleByNadam::ScaleByNadam(ScaleByNadamOptions options) : options_(options) {
  check_decay(options.beta_1, "scale_by_nadam: beta_1");
  check_decay(options.beta_2, "scale_by_nadam: beta_2");
  check_epsilon(options.epsilon, "scale_by_nadam");
}

double ScaleByNadam::mu(Index t) const {
  return options_.beta_1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(t) * options_.momentum_decay));
}

// Each group of parameters that are updated together goes on from the product of its update before.
double ScaleByNadam::product_of(Index t) {
  constexpr std::size_t most = 16;
  const auto before = std::find_if(products_.begin(), products_.end(),
                                   [t](const Product& p) { return p.number == t || p.number == t - 1; });
  Product product = before == products_.end() ? Product{} : *before;
  if (before != products_.end()) products_.erase(before);
  else if (products_.size() == most) products_.pop_back();
  while (product.number < t) product.value *= mu(++product.number);
  products_.insert(products_.begin(), product);
  return product.value;
}

void ScaleByNadam::begin(const UpdateInfo& step) {
  const double product = product_of(step.own);
  const double next = mu(step.own + 1);
  of_gradient_ = (1 - mu(step.own)) / (1 - product);
  of_momentum_ = next / (1 - product * next);
  root_ = std::sqrt(1 - std::pow(options_.beta_2, static_cast<double>(step.own)));
}

template <Scalar T>
void ScaleByNadam::update(ParameterBlock<T>& block) const {
  const Average<T> first(options_.beta_1), second(options_.beta_2);
  const auto a = static_cast<T>(of_gradient_), b = static_cast<T>(of_momentum_);
  const auto epsilon = static_cast<T>(options_.epsilon * root_);
  const auto f = [=](auto g, auto& m, auto& v) {
    m = first(m, g);
    v = second(v, g * g);
    return (a * g + b * m) / (simd::sqrt(v) + epsilon);
  };
  transform(block, f, block.slot(0), block.slot(1));
  block.scale = root_;
}

ScaleByAdamax::ScaleByAdamax(ScaleByAdamaxOptions options) : options_(options) {
  check_decay(options.beta_1, "scale_by_adamax: beta_1");
  check_decay(options.beta_2, "scale_by_adamax: beta_2");
  check_epsilon(options.epsilon, "scale_by_adamax");
}

void ScaleByAdamax::begin(const UpdateInfo& step) {
  correction_ = 1 / (1 - std::pow(options_.beta_1, static_cast<double>(step.own)));
}

template <Scalar T>
void ScaleByAdamax::update(ParameterBlock<T>& block) const {
  const Average<T> first(options_.beta_1);
  const auto decay = static_cast<T>(options_.beta_2);
  const auto inside = static_cast<T>(options_.epsilon_in_maximum ? options_.epsilon : 0);
  const auto outside = static_cast<T>(options_.epsilon_in_maximum ? 0 : options_.epsilon);
  const auto f = [=](auto g, auto& m, auto& u) {
    m = first(m, g);
    u = simd::max(decay * u, simd::abs(g) + inside);
    return m / (u + outside);
  };
  transform(block, f, block.slot(0), block.slot(1));
  block.scale = correction_;
}

ScaleByRms::ScaleByRms(ScaleByRmsOptions options) : options_(options) {
  check_decay(options.rho, "scale_by_rms: rho");
  check_epsilon(options.epsilon, "scale_by_rms");
}

std::vector<Slot> ScaleByRms::slots() const {
  if (options_.centered) return {{"square"}, {"mean"}};
  return {{"square"}};
}

template <Scalar T>
void ScaleByRms::update(ParameterBlock<T>& block) const {
  const Average<T> average(options_.rho);
  const auto inside = static_cast<T>(options_.epsilon_in_root ? options_.epsilon : 0);
  const auto outside = static_cast<T>(options_.epsilon_in_root ? 0 : options_.epsilon);
  if (options_.centered) {
    const auto f = [=](auto g, auto& s, auto& mean) {
      s = average(s, g * g);
      mean = average(mean, g);
      const auto variance = clamp_at_zero(s - mean * mean);  // rounding may make it negative
      return g / (simd::sqrt(variance + inside) + outside);
    };
    transform(block, f, block.slot(0), block.slot(1));
  } else {
    const auto f = [=](auto g, auto& s) {
      s = average(s, g * g);
      return g / (simd::sqrt(s + inside) + outside);
    };
    transform(block, f, block.slot(0));
  }
}

ScaleByAdagrad::ScaleByAdagrad(ScaleByAdagradOptions options) : options_(options) {
  require<ValueError>(options.initial_accumulator >= 0,
                      "scale_by_adagrad: initial accumulator {}, must not be negative", options.initial_accumulator);
  check_epsilon(options.epsilon, "scale_by_adagrad");
}

template <Scalar T>
void ScaleByAdagrad::update(ParameterBlock<T>& block) const {
  const auto inside = static_cast<T>(options_.epsilon_in_root ? options_.epsilon : 0);
  const auto outside = static_cast<T>(options_.epsilon_in_root ? 0 : options_.epsilon);
  const auto f = [=](auto g, auto& s) {
    s += g * g;
    return g / (simd::sqrt(s + inside) + outside);
  };
  transform(block, f, block.slot(0));
}

ScaleByAdadelta::ScaleByAdadelta(ScaleByAdadeltaOptions options) : options_(options) {
  check_decay(options.rho, "scale_by_adadelta: rho");
  check_epsilon(options.epsilon, "scale_by_adadelta");
}

template <Scalar T>
void ScaleByAdadelta::update(ParameterBlock<T>& block) const {
  const Average<T> average(options_.rho);
  const auto epsilon = static_cast<T>(options_.epsilon);
  const auto f = [=](auto g, auto& s, auto& u) {
    s = average(s, g * g);
    const auto delta = simd::sqrt(u + epsilon) / simd::sqrt(s + epsilon) * g;
    u = average(u, delta * delta);
    return delta;
  };
  transform(block, f, block.slot(0), block.slot(1));
}

ScaleByLion::ScaleByLion(ScaleByLionOptions options) : options_(options) {
  check_decay(options.beta_1, "scale_by_lion: beta_1");
  check_decay(options.beta_2, "scale_by_lion: beta_2");
}

template <Scalar T>
void ScaleByLion::update(ParameterBlock<T>& block) const {
  using V = simd::Vec<T>;
  const Average<T> blend(options_.beta_1), average(options_.beta_2);
  const V one = simd::splat<V>(1);
  const auto f = [=](V g, V& m) {
    const V direction = blend(m, g);
    m = average(m, g);
    return simd::select(direction == V{}, V{}, simd::copysign(one, direction));
  };
  transform(block, f, block.slot(0));
}

template void ScaleByAdam::update(ParameterBlock<float>&) const;
template void ScaleByAdam::update(ParameterBlock<double>&) const;
template void ScaleByNadam::update(ParameterBlock<float>&) const;
template void ScaleByNadam::update(ParameterBlock<double>&) const;
template void ScaleByAdamax::update(ParameterBlock<float>&) const;
template void ScaleByAdamax::update(ParameterBlock<double>&) const;
template void ScaleByRms::update(ParameterBlock<float>&) const;
template void ScaleByRms::update(ParameterBlock<double>&) const;
template void ScaleByAdagrad::update(ParameterBlock<float>&) const;
template void ScaleByAdagrad::update(ParameterBlock<double>&) const;
template void ScaleByAdadelta::update(ParameterBlock<float>&) const;
template void ScaleByAdadelta::update(ParameterBlock<double>&) const;
template void ScaleByLion::update(ParameterBlock<float>&) const;
template void ScaleByLion::update(ParameterBlock<double>&) const;

}  // namespace recur::optim
