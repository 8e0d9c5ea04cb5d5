#pragma once

#include <recur/framework/expr/expression.h>
#include <recur/framework/simd/simd_math.h>

#include <array>

// A pointwise function is one struct: name, value, slope. `slope` uses the argument x or the result y, whichever is
// cheaper. If `keep`, the result is stored for the adjoint instead of computed again. `slope_of` says that the slope is
// computed from the result alone, or from nothing; arguments may then be overwritten. V is a SIMD register of float or
// double (framework/simd/simd.h). Functions of several arguments have a slope for each, slope<K>. NaN arguments give
// NaN, so that a loss shows them: simd::min and max return their second argument then.

namespace recur::fn {

/// Returns a register full of one number.
template <class V>
[[nodiscard, gnu::always_inline]] inline V splat(double number) {
  return simd::splat<V>(static_cast<simd::Element<V>>(number));
}

// Value and slope of a function belong on one line each.
// clang-format off
// NOLINTBEGIN(readability-identifier-length): x and y are the argument and the result throughout.

/// y = -x
struct Negate {
  static constexpr const char* name = "negate";
  static constexpr bool keep = false;
  static constexpr SlopeOf slope_of = SlopeOf::nothing;
  template <class V> static V value(V x) { return -x; }
  template <class V> static V slope(V, V) { return splat<V>(-1); }
};

/// y = eˣ
struct Exp {
  static constexpr const char* name = "exp";
  static constexpr bool keep = true;
  static constexpr SlopeOf slope_of = SlopeOf::result;
  template <class V> static V value(V x) { return simd::exp(x); }
  template <class V> static V slope(V, V y) { return y; }
};

/// y = ln x
struct Log {
  static constexpr const char* name = "log";
  static constexpr bool keep = true;
  template <class V> static V value(V x) { return simd::log(x); }
  template <class V> static V slope(V x, V) { return 1 / x; }
};

/// y = √x
struct Sqrt {
  static constexpr const char* name = "sqrt";
  static constexpr bool keep = true;
  template <class V> static V value(V x) { return simd::sqrt(x); }
  template <class V> static V slope(V, V y) { return splat<V>(0.5) / y; }
};

/// y = x²
struct Square {
  static constexpr const char* name = "square";
  static constexpr bool keep = false;
  template <class V> static V value(V x) { return x * x; }
  template <class V> static V slope(V x, V) { return x + x; }
};

/// Nearest integer, halves to the even one. The slope is 0; `straight_through` (ops/gradient.h) learns through it.
struct Round {
  static constexpr const char* name = "round";
  static constexpr bool keep = false;
  template <class V> static V value(V x) { return simd::round(x); }
  template <class V> static V slope(V, V) { return V{}; }
};

/// y = |x|; slope 0 at 0.
struct Abs {
  static constexpr const char* name = "abs";
  static constexpr bool keep = false;
  template <class V> static V value(V x) { return simd::abs(x); }
  template <class V> static V slope(V x, V) {
    return simd::select(x > 0, splat<V>(1), simd::select(x < 0, splat<V>(-1), V{}));
  }
};

/// y = tanh x
struct Tanh {
  static constexpr const char* name = "tanh";
  static constexpr bool keep = true;
  static constexpr SlopeOf slope_of = SlopeOf::result;
  template <class V> static V value(V x) { return simd::tanh(x); }
  template <class V> static V slope(V, V y) { return 1 - y * y; }
};

/// y = 1 / (1 + e⁻ˣ)
struct Sigmoid {
  static constexpr const char* name = "sigmoid";
  static constexpr bool keep = true;
  static constexpr SlopeOf slope_of = SlopeOf::result;
  template <class V> static V value(V x) { return simd::sigmoid(x); }
  template <class V> static V slope(V, V y) { return y * (1 - y); }
};

/// y = clip(0.2·x + 0.5, 0, 1), Keras r1.15's hard sigmoid
struct HardSigmoid {
  static constexpr const char* name = "hard_sigmoid";
  static constexpr bool keep = false;
  template <class V> static V value(V x) {
    const V line = x * splat<V>(0.2) + splat<V>(0.5);
    return simd::min(splat<V>(1), simd::max(V{}, line));
  }
  template <class V> static V slope(V, V y) {
    return simd::select(simd::both(y > 0, y < 1), splat<V>(0.2), V{});
  }
};

/// y = clip(x / 6 + 0.5, 0, 1), today's Keras's and PyTorch's hard sigmoid
struct HardSigmoidV3 {
  static constexpr const char* name = "hard_sigmoid_v3";
  static constexpr bool keep = false;
  template <class V> static V value(V x) {
    const V line = x * splat<V>(1.0 / 6) + splat<V>(0.5);
    return simd::min(splat<V>(1), simd::max(V{}, line));
  }
  template <class V> static V slope(V, V y) {
    return simd::select(simd::both(y > 0, y < 1), splat<V>(1.0 / 6), V{});
  }
};

/// y = max(x, 0); slope 0 at 0.
struct Relu {
  static constexpr const char* name = "relu";
  static constexpr bool keep = false;
  template <class V> static V value(V x) { return simd::max(V{}, x); }
  template <class V> static V slope(V x, V) { return simd::select(x > 0, splat<V>(1), V{}); }
};

/// y = ln(1 + eˣ)
struct Softplus {
  static constexpr const char* name = "softplus";
  static constexpr bool keep = true;
  template <class V> static V value(V x) { return simd::softplus(x); }
  template <class V> static V slope(V x, V) { return simd::sigmoid(x); }
};

/// y = x / (1 + |x|)
struct Softsign {
  static constexpr const char* name = "softsign";
  static constexpr bool keep = false;
  template <class V> static V value(V x) { return x / (1 + simd::abs(x)); }
  template <class V> static V slope(V x, V) {
    const V t = 1 + simd::abs(x);
    return 1 / (t * t);
  }
};

/// y = x for x > 0, a·x below
struct LeakyRelu {
  static constexpr const char* name = "leaky_relu";
  static constexpr bool keep = false;
  template <class V> static V value(V x, V a) { return simd::select(x > 0, x, a * x); }
  template <int K, class V> static V slope(V x, V a, V) {
    if constexpr (K == 0) return simd::select(x > 0, splat<V>(1), a);
    else return simd::select(x > 0, V{}, x);
  }
};

/// y = x for x > 0, a·(eˣ - 1) below (Clevert et al. 2016)
struct Elu {
  static constexpr const char* name = "elu";
  static constexpr bool keep = true;
  template <class V> static V value(V x, V a) { return simd::select(x > 0, x, a * simd::expm1(simd::min(V{}, x))); }
  template <int K, class V> static V slope(V x, V a, V y) {
    if constexpr (K == 0) return simd::select(x > 0, splat<V>(1), y + a);
    else return simd::select(x > 0, V{}, simd::expm1(simd::min(V{}, x)));
  }
};

/// y = xᵖ; the exponent is a number and has no gradient.
struct Pow {
  static constexpr const char* name = "pow";
  static constexpr bool keep = true;
  template <class V> static V value(V x, V p) { return simd::pow(x, p[0]); }
  template <int K, class V> static V slope(V x, V p, V) {
    static_assert(K == 0, "pow: the exponent must be a number");
    if (p[0] == 0) return V{};  // at 0, too, where 0 · x⁻¹ is not a number
    return p * simd::pow(x, p[0] - 1);
  }
};

struct Add {
  static constexpr const char* name = "add";
  static constexpr bool keep = false;
  static constexpr SlopeOf slope_of = SlopeOf::nothing;
  template <class V> static V value(V a, V b) { return a + b; }
  template <int, class V> static V slope(V, V, V) { return splat<V>(1); }
};

struct Subtract {
  static constexpr const char* name = "subtract";
  static constexpr bool keep = false;
  static constexpr SlopeOf slope_of = SlopeOf::nothing;
  template <class V> static V value(V a, V b) { return a - b; }
  template <int K, class V> static V slope(V, V, V) { return splat<V>(K == 0 ? 1 : -1); }
};

struct Multiply {
  static constexpr const char* name = "multiply";
  static constexpr bool keep = false;
  template <class V> static V value(V a, V b) { return a * b; }
  template <int K, class V> static V slope(V a, V b, V) { return K == 0 ? b : a; }
};

struct Divide {
  static constexpr const char* name = "divide";
  static constexpr bool keep = true;
  template <class V> static V value(V a, V b) { return a / b; }
  template <int K, class V> static V slope(V, V b, V y) { return K == 0 ? 1 / b : -y / b; }
};

/// y = min(a, b). The gradient goes to the smaller argument, to the first if they are equal.
struct Min {
  static constexpr const char* name = "min";
  static constexpr bool keep = false;
  template <class V> static auto second(V a, V b) { return simd::either(b < a, b != b); }
  template <class V> static V value(V a, V b) { return simd::select(second(a, b), b, a); }
  template <int K, class V> static V slope(V a, V b, V) {
    const V one = splat<V>(1);
    return K == 0 ? simd::select(second(a, b), V{}, one) : simd::select(second(a, b), one, V{});
  }
};

/// y = max(a, b). The gradient goes to the larger argument, to the first if they are equal.
struct Max {
  static constexpr const char* name = "max";
  static constexpr bool keep = false;
  template <class V> static auto second(V a, V b) { return simd::either(b > a, b != b); }
  template <class V> static V value(V a, V b) { return simd::select(second(a, b), b, a); }
  template <int K, class V> static V slope(V a, V b, V) {
    const V one = splat<V>(1);
    return K == 0 ? simd::select(second(a, b), V{}, one) : simd::select(second(a, b), one, V{});
  }
};

/// 1 where a > b, else 0; no gradient. For masks and `where`.
struct Greater {
  static constexpr const char* name = "greater";
  static constexpr bool keep = false;
  template <class V> static V value(V a, V b) { return simd::select(a > b, splat<V>(1), V{}); }
  template <int, class V> static V slope(V, V, V) { return V{}; }
};

/// y = a where the condition is not 0, else b
struct Where {
  static constexpr const char* name = "where";
  static constexpr bool keep = false;
  template <class V> static V value(V condition, V a, V b) { return simd::select(condition != 0, a, b); }
  template <int K, class V> static V slope(V condition, V, V, V) {
    const V one = splat<V>(1);
    if constexpr (K == 0) return V{};
    else if constexpr (K == 1) return simd::select(condition != 0, one, V{});
    else return simd::select(condition != 0, V{}, one);
  }
};

// NOLINTEND(readability-identifier-length)
// clang-format on

}  // namespace recur::fn
