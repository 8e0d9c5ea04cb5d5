#pragma once

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/layers/activation.h>

#include <cmath>
#include <limits>
#include <type_traits>

// Activations within fused expressions, for the .cpp files of cells: this header includes all that fuse() needs.

namespace recur {

namespace fn {

/// The function whose number is the second argument. One kernel then serves all activations, at the price of a jump per
/// register; cells are compiled without it for the usual ones.
struct Activate {
  static constexpr const char* name = "activate";
  static constexpr bool keep = true;
  static constexpr bool rare = true;
  static constexpr double leaky_slope = 0.2;
  // Klambauer et al. 2017
  static constexpr double selu_alpha = 1.6732632423543772;
  static constexpr double selu_scale = 1.0507009873554805;

  // Φ, the distribution function of the normal distribution, and its density.
  template <class V>
  static V normal_distribution(V x) {
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
  static V normal_density(V x) {
    constexpr double inverse_root_two_pi = 0.39894228040143268;
    return splat<V>(inverse_root_two_pi) * Exp::value(splat<V>(-0.5) * x * x);
  }

  template <class V>
  static V value(V x, V kind) {
    switch (static_cast<int>(kind[0])) {
      case Activation::tanh:
        return Tanh::value(x);
      case Activation::sigmoid:
        return Sigmoid::value(x);
      case Activation::hard_sigmoid:
        return HardSigmoid::value(x);
      case Activation::hard_sigmoid_v3:
        return HardSigmoidV3::value(x);
      case Activation::relu:
        return Relu::value(x);
      case Activation::leaky_relu:
        return LeakyRelu::value(x, splat<V>(leaky_slope));
      case Activation::elu:
      case Activation::celu:
        return Elu::value(x, splat<V>(1));
      case Activation::selu:
        return splat<V>(selu_scale) * Elu::value(x, splat<V>(selu_alpha));
      case Activation::softplus:
        return Softplus::value(x);
      case Activation::softsign:
        return Softsign::value(x);
      case Activation::exponential:
        return Exp::value(x);
      case Activation::silu:
        return x * Sigmoid::value(x);
      case Activation::hard_silu:
        return x * HardSigmoidV3::value(x);
      case Activation::relu6:
        return simd::min(splat<V>(6), Relu::value(x));
      case Activation::gelu:
        return x * normal_distribution(x);
      case Activation::mish:
        return x * Tanh::value(Softplus::value(x));
      case Activation::log_sigmoid:
        return -Softplus::value(-x);
      default:
        return x;
    }
  }
  template <int K, class V>
  static V slope(V x, V kind, V y) {
    static_assert(K == 0, "the number of an activation has no gradient");
    switch (static_cast<int>(kind[0])) {
      case Activation::tanh:
        return Tanh::slope(x, y);
      case Activation::sigmoid:
        return Sigmoid::slope(x, y);
      case Activation::hard_sigmoid:
        return HardSigmoid::slope(x, y);
      case Activation::hard_sigmoid_v3:
        return HardSigmoidV3::slope(x, y);
      case Activation::relu:
        return Relu::slope(x, y);
      case Activation::leaky_relu:
        return LeakyRelu::slope<0>(x, splat<V>(leaky_slope), y);
      case Activation::elu:
      case Activation::celu:
        return Elu::slope<0>(x, splat<V>(1), y);
      case Activation::selu:
        return splat<V>(selu_scale) * Elu::slope<0>(x, splat<V>(selu_alpha), y / splat<V>(selu_scale));
      case Activation::softplus:
        return Softplus::slope(x, y);
      case Activation::softsign:
        return Softsign::slope(x, y);
      case Activation::exponential:
        return y;
      case Activation::silu: {
        const V s = Sigmoid::value(x);
        return s + y * (1 - s);
      }
      case Activation::hard_silu: {
        const V s = HardSigmoidV3::value(x);
        return s + x * HardSigmoidV3::slope(x, s);
      }
      case Activation::relu6:
        return simd::select(simd::both(x > 0, x < 6), splat<V>(1), V{});
      case Activation::gelu:
        return normal_distribution(x) + x * normal_density(x);
      case Activation::mish: {
        const V t = Tanh::value(Softplus::value(x));
        return t + x * (1 - t * t) * Sigmoid::value(x);
      }
      case Activation::log_sigmoid:
        return Sigmoid::value(-x);
      default:
        return splat<V>(1);
    }
  }
};

}  // namespace fn

/// Pairs of activations that a cell compiles loops for, besides one loop for all other pairs, which are chosen at run time.
enum class CompiledPairs {
  tanh_sigmoid,
  tanh_either_sigmoid  ///< Also tanh with hard_sigmoid, the default of r1.15.
};

namespace detail {

/// Calls `usual(activation, recurrent_activation)` with functions of expressions that are known when compiling, if the pair is among
/// `compiled` and `allowed`; otherwise `general(…)` with functions that are chosen at run time.
template <CompiledPairs compiled, class Usual, class General>
[[nodiscard]] auto choose_activations(Activation activation, Activation recurrent, bool allowed, Usual&& usual,
                                      General&& general) {
  for (const Activation one : {activation, recurrent})
    if (!one.is_pointwise()) [[unlikely]]
      fail<ValueError>("with_activations: {} works on whole rows and cannot be part of a gate", one.name());
  const auto tanh_of = [](auto x) { return recur::tanh(x); };
  allowed = allowed && activation == Activation::tanh;
  if (allowed && recurrent == Activation::sigmoid) return usual(tanh_of, [](auto x) { return recur::sigmoid(x); });
  if constexpr (compiled == CompiledPairs::tanh_either_sigmoid) {
    if (allowed && recurrent == Activation::hard_sigmoid)
      return usual(tanh_of, [](auto x) { return recur::hard_sigmoid(x); });
  }
  const auto any = [](Activation one) {
    return [one](auto x) { return map<fn::Activate>(x, static_cast<int>(one.kind())); };
  };
  return general(any(activation), any(recurrent));
}

}  // namespace detail

/// Calls `cell(activation, recurrent_activation)` with two functions of expressions, so that the body of a cell is written
/// once for all activations. Every pair in `compiled` adds a dozen loops to the cell.
/// @throws ValueError for softmax and log_softmax.
template <CompiledPairs compiled = CompiledPairs::tanh_sigmoid, class Body>
[[nodiscard]] auto with_activations(Activation activation, Activation recurrent, Body&& body) {
  return detail::choose_activations<compiled>(activation, recurrent, true, body, body);
}

/// Cuts to [-limit, limit] within a fused expression; the gradient is 0 beyond.
template <class E>
[[nodiscard]] constexpr auto clip(E x, double limit) {
  return max(min(x, limit), -limit);
}

/// Calls `cell(activation, recurrent_activation, cut)` for a cell whose state is cut to [-limit, limit], or not at all if `limit` is 0.
/// tanh with sigmoid or hard_sigmoid is compiled in where there is no limit. All other pairs, and all pairs with a limit, share one set
/// of loops. @throws ValueError for softmax and log_softmax.
template <class Body>
[[nodiscard]] auto with_activations(Activation activation, Activation recurrent, double limit, Body&& body) {
  const double most = limit > 0 ? limit : std::numeric_limits<double>::infinity();
  return detail::choose_activations<CompiledPairs::tanh_either_sigmoid>(
      activation, recurrent, limit <= 0,
      [&](auto act, auto gate) { return body(act, gate, [](auto state) { return state; }); },
      [&](auto act, auto gate) { return body(act, gate, [most](auto state) { return clip(state, most); }); });
}

}  // namespace recur
