#pragma once

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/layers/activation.h>
#include <recur/layers/activation_kernels.h>

#include <limits>
#include <type_traits>

// Activations within fused expressions, for the .cpp files of cells: this header includes all that fuse() needs.

namespace recur {

namespace fn {

/// The function whose number is the second argument (Activation::Kind). One kernel then serves all activations, at the
/// price of a call per register; cells are compiled without it for the usual ones.
struct Activate {
  static constexpr const char* name = "activate";
  static constexpr bool keep = true;
  static constexpr bool rare = true;

  template <class V>
  static V value(V x, V kind) {
    using T = simd::Element<V>;
    T numbers[simd::lanes<T>];
    simd::store(numbers, x);
    detail::activate(number(kind), numbers, simd::lanes<T>);
    return simd::load(numbers);
  }
  template <int K, class V>
  static V slope(V x, V kind, V y) {
    static_assert(K == 0, "the number of an activation has no gradient");
    using T = simd::Element<V>;
    T numbers[simd::lanes<T>];
    T results[simd::lanes<T>];
    simd::store(numbers, x);
    simd::store(results, y);
    detail::activation_slopes(number(kind), numbers, results, simd::lanes<T>);
    return simd::load(numbers);
  }

 private:
  template <class V>
  static Activation::Kind number(V kind) {
    return static_cast<Activation::Kind>(static_cast<int>(kind[0]));
  }
};

}  // namespace fn

/// Pairs of activations that a cell compiles loops for, besides one loop for all other pairs, which are chosen at run
/// time.
enum class CompiledPairs {
  tanh_sigmoid,
  tanh_either_sigmoid  ///< Also tanh with hard_sigmoid, the default of r1.15.
};

namespace detail {

/// Calls `usual(activation, recurrent_activation)` with functions of expressions that are known when compiling, if the
/// pair is among `compiled` and `allowed`; otherwise `general(…)` with functions that are chosen at run time.
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
  // The two numbers have types of their own, so that the loops need not be compiled again for a pair that differs.
  const auto any = [](auto number) { return [number](auto x) { return map<fn::Activate>(x, number); }; };
  return general(any(NumberedConstant<0>(activation.kind())), any(NumberedConstant<1>(recurrent.kind())));
}

}  // namespace detail

/// Calls `cell(activation, recurrent_activation)` with two functions of expressions, so that the body of a cell is
/// written once for all activations. Every pair in `compiled` adds a dozen loops to the cell.
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

/// Calls `cell(activation, recurrent_activation, cut)` for a cell whose state is cut to [-limit, limit], or not at all
/// if `limit` is 0. tanh with sigmoid or hard_sigmoid is compiled in where there is no limit. All other pairs, and all
/// pairs with a limit, share one set of loops. @throws ValueError for softmax and log_softmax.
template <class Body>
[[nodiscard]] auto with_activations(Activation activation, Activation recurrent, double limit, Body&& body) {
  const double most = limit > 0 ? limit : std::numeric_limits<double>::infinity();
  return detail::choose_activations<CompiledPairs::tanh_either_sigmoid>(
      activation, recurrent, limit <= 0,
      [&](auto act, auto gate) { return body(act, gate, [](auto state) { return state; }); },
      [&](auto act, auto gate) { return body(act, gate, [most](auto state) { return clip(state, most); }); });
}

}  // namespace recur
