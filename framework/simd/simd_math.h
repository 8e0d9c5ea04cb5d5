#pragma once

// Elementary functions of registers: no branches on data, no tables, special values by selects. The errors stated are
// the largest, in units in the last place of the exact result; tests/framework/simd/simd_test.cpp measures them against
// long double. Under -ffast-math special values (NaN, infinities, -0, denormals) are lost and errors grow by up to 1.

#include <recur/framework/simd/simd.h>
#include <recur/framework/simd/simd_reduction.h>

#include <limits>
#include <utility>

namespace recur::simd {
inline namespace RECUR_SIMD_WIDTH {

/// e^x; infinity above the range of the format, gradually 0 below. Error 1.5 ulp.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V exp(V x) {
  using F = detail::Format<Element<V>>;
  const V clamped = max(splat<V>(F::exp_lowest), min(splat<V>(F::exp_highest), x));
  const auto reduced = detail::reduce<1, true>(clamped);
  return detail::scale(1 + detail::expm1_reduced(reduced.rest), reduced);
}

/// e^x - 1, accurate also near 0. Error 2 ulp.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V expm1(V x) {
  using F = detail::Format<Element<V>>;
  const V clamped = max(splat<V>(-F::saturated), min(splat<V>(F::exp_highest), x));
  const auto reduced = detail::reduce<1, true>(clamped);
  const V power = detail::power_of_two<V>(reduced.biased);
  const V half = multiply_add(power, detail::expm1_reduced(reduced.rest), opaque(power - Element<V>{0.5F}));
  return select<V>(abs(x) < std::numeric_limits<Element<V>>::epsilon() / 2, x, half + half);
}

/// Hyperbolic tangent: odd, within [-1, 1], accurate also near 0. Error 3 ulp.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V tanh(V x) {
  using F = detail::Format<Element<V>>;
  const V negative = max(splat<V>(-F::saturated / 2), bit_cast<V>(bit_cast<Bits<V>>(x) | sign_bit<V>()));
  const auto reduced = detail::reduce<2, false, 0>(negative);
  const V power = detail::power_of_two<V>(reduced.biased);
  // With h = (1 - exp(-2|x|)) / 2, tanh|x| = h / (1 - h).
  const V half = opaque(Element<V>{0.5F} - Element<V>{0.5F} * power) - power * detail::expm1_reduced<2>(reduced.rest);
  const V positive = detail::quotient(half, 1 - half);
  return bit_cast<V>(bit_cast<Bits<V>>(positive) | (bit_cast<Bits<V>>(x) & sign_bit<V>()));
}

/// 1 / (1 + e^-x), within [0, 1]; 0 where that would be below the normal numbers. Error 3 ulp.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V sigmoid(V x) {
  using F = detail::Format<Element<V>>;
  const auto reduced = detail::reduce<-1, true, 0>(min(splat<V>(F::saturated), x));
  const V mantissa = 1 + detail::expm1_reduced(reduced.rest);
  const V power = detail::power_of_two<V>(reduced.biased);
  const V y = detail::quotient(splat<V>(1), multiply_add(mantissa, power, splat<V>(1)));
  return select<V>(x < F::log_min, V{}, y);
}

/// Natural logarithm; -infinity at 0 and NaN below. Error 1 ulp.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V log(V x) {
  const auto parts = detail::split(x);
  return detail::log_special(x, detail::log_reduced(parts.f, parts.e));
}

/// ln(1 + x), accurate also near 0. Error 2 ulp.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V log1p(V x) {
  const V u = opaque(1 + x);
  const V lost = x - opaque(u - 1);  // by the rounding of u
  const auto parts = detail::split(u);
  return copysign(detail::log_special(u, detail::log_reduced(parts.f + lost * parts.scale, parts.e)), x);
}

/// ln(1 + e^x), for every x without overflow. Error 2 ulp.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V softplus(V x) {
  const V small = exp(-abs(x));  // ln(1 + e^x) = max(0, x) + ln(1 + small), and 1 + small is in [1, 2]
  const auto upper = small > Element<V>{0.41F};
  const V f = select<V>(upper, small * Element<V>{0.5F} - Element<V>{0.5F}, small);
  return max(V{}, x) + detail::log_reduced(f, select<V>(upper, splat<V>(1), V{}));
}

namespace detail {

/// Half a register of floats: as many as there are doubles in a whole one.
typedef float HalfRegister __attribute__((vector_size(register_bytes / 2)));  // NOLINT(modernize-use-using)

using HalfLanes = std::make_integer_sequence<int, static_cast<int>(lanes<double>)>;
using AllLanes = std::make_integer_sequence<int, static_cast<int>(lanes<float>)>;

/// The lanes `I + first` as doubles.
template <int first, int... I>
[[nodiscard, gnu::always_inline]] inline Vec<double> widen(Vec<float> x, std::integer_sequence<int, I...> /*lanes*/) {
  return __builtin_convertvector(__builtin_shufflevector(x, x, (first + I)...), Vec<double>);
}

template <int... I>
[[nodiscard, gnu::always_inline]] inline Vec<float> narrow(Vec<double> low, Vec<double> high,
                                                           std::integer_sequence<int, I...> /*lanes*/) {
  return __builtin_shufflevector(__builtin_convertvector(low, HalfRegister),
                                 __builtin_convertvector(high, HalfRegister), I...);
}

/// |x|^power. Floats by way of doubles, as the error of the logarithm is multiplied by power * ln|x|.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V pow_magnitude(V x, Element<V> power) {
  if constexpr (sizeof(Element<V>) == 8) {
    return exp(log(abs(x)) * power);
  } else {
    constexpr int half = static_cast<int>(lanes<double>);
    return narrow(pow_magnitude(widen<0>(x, HalfLanes()), static_cast<double>(power)),
                  pow_magnitude(widen<half>(x, HalfLanes()), static_cast<double>(power)), AllLanes());
  }
}

}  // namespace detail

/// x to a finite power that is the same for all lanes: NaN for negative x unless the power is whole. Powers -1, 2 and 3
/// cost a multiplication or two. Error 1.5 ulp for floats; for doubles 1.5 + 2 |power ln x| ulp.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V pow(V x, Element<V> power) {
  if (power == 0) return splat<V>(1);
  if (power == -1) return 1 / x;
  if (power == 2) return x * x;
  if (power == 3) return x * x * x;
  const V magnitude = detail::pow_magnitude(x, power);
  const double half = static_cast<double>(power) / 2;
  if (__builtin_trunc(half) == half) return magnitude;  // even
  if (__builtin_trunc(2 * half) == 2 * half) return copysign(magnitude, x);
  return select<V>(x < 0, splat<V>(std::numeric_limits<Element<V>>::quiet_NaN()), magnitude);
}

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur::simd
