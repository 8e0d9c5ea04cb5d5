#include <recur/layers/activation_kernels.h>

#include <recur/framework/expr/functions.h>

#include <algorithm>
#include <cmath>

namespace recur::detail {
namespace {

constexpr double leaky_slope = 0.2;
// Klambauer et al. 2017
constexpr double selu_alpha = 1.6732632423543772;
constexpr double selu_scale = 1.0507009873554805;

// Φ, the distribution function of the normal distribution, and its density.
template <class V>
V normal_distribution(V x) {
  using simd::erfc;
  using std::erfc;
  constexpr double root_half = 0.70710678118654752;
  V result = x;
  constexpr auto lanes = static_cast<std::ptrdiff_t>(sizeof(V) / sizeof(x[0]));
  for (std::ptrdiff_t i = 0; i < lanes; ++i)
    result[i] = erfc(x[i] * static_cast<std::remove_cvref_t<decltype(x[0])>>(-root_half)) / 2;
  return result;
}
template <class V>
V normal_density(V x) {
  constexpr double inverse_root_two_pi = 0.39894228040143268;
  return fn::splat<V>(inverse_root_two_pi) * fn::Exp::value(fn::splat<V>(-0.5) * x * x);
}

template <class V>
V value_of(Activation::Kind kind, V x) {
  switch (kind) {
    case Activation::tanh:
      return fn::Tanh::value(x);
    case Activation::sigmoid:
      return fn::Sigmoid::value(x);
    case Activation::hard_sigmoid:
      return fn::HardSigmoid::value(x);
    case Activation::hard_sigmoid_v3:
      return fn::HardSigmoidV3::value(x);
    case Activation::relu:
      return fn::Relu::value(x);
    case Activation::leaky_relu:
      return fn::LeakyRelu::value(x, fn::splat<V>(leaky_slope));
    case Activation::elu:
    case Activation::celu:
      return fn::Elu::value(x, fn::splat<V>(1));
    case Activation::selu:
      return fn::splat<V>(selu_scale) * fn::Elu::value(x, fn::splat<V>(selu_alpha));
    case Activation::softplus:
      return fn::Softplus::value(x);
    case Activation::softsign:
      return fn::Softsign::value(x);
    case Activation::exponential:
      return fn::Exp::value(x);
    case Activation::silu:
      return x * fn::Sigmoid::value(x);
    case Activation::hard_silu:
      return x * fn::HardSigmoidV3::value(x);
    case Activation::relu6:
      return simd::min(fn::splat<V>(6), fn::Relu::value(x));
    case Activation::gelu:
      return x * normal_distribution(x);
    case Activation::mish:
      return x * fn::Tanh::value(fn::Softplus::value(x));
    case Activation::log_sigmoid:
      return -fn::Softplus::value(-x);
    default:
      return x;
  }
}
template <class V>
V slope_at(Activation::Kind kind, V x, V y) {
  switch (kind) {
    case Activation::tanh:
      return fn::Tanh::slope(x, y);
    case Activation::sigmoid:
      return fn::Sigmoid::slope(x, y);
    case Activation::hard_sigmoid:
      return fn::HardSigmoid::slope(x, y);
    case Activation::hard_sigmoid_v3:
      return fn::HardSigmoidV3::slope(x, y);
    case Activation::relu:
      return fn::Relu::slope(x, y);
    case Activation::leaky_relu:
      return fn::LeakyRelu::slope<0>(x, fn::splat<V>(leaky_slope), y);
    case Activation::elu:
    case Activation::celu:
      return fn::Elu::slope<0>(x, fn::splat<V>(1), y);
    case Activation::selu:
      return fn::splat<V>(selu_scale) * fn::Elu::slope<0>(x, fn::splat<V>(selu_alpha), y / fn::splat<V>(selu_scale));
    case Activation::softplus:
      return fn::Softplus::slope(x, y);
    case Activation::softsign:
      return fn::Softsign::slope(x, y);
    case Activation::exponential:
      return y;
    case Activation::silu: {
      const V s = fn::Sigmoid::value(x);
      return s + y * (1 - s);
    }
    case Activation::hard_silu: {
      const V s = fn::HardSigmoidV3::value(x);
      return s + x * fn::HardSigmoidV3::slope(x, s);
    }
    case Activation::relu6:
      return simd::select(simd::both(x > 0, x < 6), fn::splat<V>(1), V{});
    case Activation::gelu:
      return normal_distribution(x) + x * normal_density(x);
    case Activation::mish: {
      const V t = fn::Tanh::value(fn::Softplus::value(x));
      return t + x * (1 - t * t) * fn::Sigmoid::value(x);
    }
    case Activation::log_sigmoid:
      return fn::Sigmoid::value(-x);
    default:
      return fn::splat<V>(1);
  }
}

template <class T, class Function>
void for_each_register(T* numbers, std::ptrdiff_t count, Function function) {
  for (std::ptrdiff_t i = 0; i < count; i += simd::lanes<T>) {
    const std::ptrdiff_t n = std::min(simd::lanes<T>, count - i);
    simd::store_partial(numbers + i, function(simd::load_partial(numbers + i, n), i, n), n);
  }
}
template <class T>
void activate_all(Activation::Kind kind, T* numbers, std::ptrdiff_t count) {
  for_each_register(numbers, count, [kind](auto x, std::ptrdiff_t, std::ptrdiff_t) { return value_of(kind, x); });
}
template <class T>
void replace_by_slopes(Activation::Kind kind, T* numbers, const T* results, std::ptrdiff_t count) {
  for_each_register(numbers, count, [=](auto x, std::ptrdiff_t i, std::ptrdiff_t n) {
    return slope_at(kind, x, simd::load_partial(results + i, n));
  });
}

}  // namespace

void activate(Activation::Kind kind, float* numbers, std::ptrdiff_t count) { activate_all(kind, numbers, count); }
void activate(Activation::Kind kind, double* numbers, std::ptrdiff_t count) { activate_all(kind, numbers, count); }
void activate(Activation::Kind kind, Dual* numbers, std::ptrdiff_t count) { activate_all(kind, numbers, count); }

void activation_slopes(Activation::Kind kind, float* numbers, const float* results, std::ptrdiff_t count) {
  replace_by_slopes(kind, numbers, results, count);
}
void activation_slopes(Activation::Kind kind, double* numbers, const double* results, std::ptrdiff_t count) {
  replace_by_slopes(kind, numbers, results, count);
}
void activation_slopes(Activation::Kind kind, Dual* numbers, const Dual* results, std::ptrdiff_t count) {
  replace_by_slopes(kind, numbers, results, count);
}

}  // namespace recur::detail
