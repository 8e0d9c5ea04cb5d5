#pragma once

// Argument reduction and minimax polynomials of the functions in simd_math.h. `opaque` stands where -ffast-math would
// otherwise rearrange sums whose order is the point.

#include <recur/framework/simd/simd.h>

#include <iterator>
#include <limits>
#include <utility>

namespace recur::simd {
inline namespace RECUR_SIMD_WIDTH {
namespace detail {

template <class T>
struct Format;

template <>
struct Format<float> {
  static constexpr int mantissa_bits = 23;
  static constexpr std::uint32_t bias = 127;
  static constexpr std::uint32_t sqrt_half = 0x3f3504f3U;  // bit pattern
  static constexpr float magic = 0x1.8p23F;                // x + magic has round(x) in its low mantissa bits
  static constexpr float log2_e = 0x1.715476p0F;
  static constexpr float ln2 = 0x1.62e43p-1F;
  static constexpr float ln2_high = 0x1.62e4p-1F;  // so few bits that n * ln2_high is exact; ln2_low is the rest
  static constexpr float ln2_low = 0x1.7f7d1cp-20F;
  static constexpr float exp_lowest = -104.0F;  // beyond these, exp is 0 and infinity
  static constexpr float exp_highest = 89.0F;
  static constexpr float saturated = 20.0F;          // exp(-saturated) is lost beside 1
  static constexpr float log_min = -0x1.5d589ep+6F;  // of the smallest normal number
  // exp(r) - 1 = r + r² (c0 + c1 r + …) for |r| <= ln(2) / 2. Minimax polynomial for the relative error: 2^-26.
  static constexpr float expm1[] = {0.49999998149257971F, 0.16666543425920723F, 0.041667200787470027F,
                                    0.0083665469417774698F, 0.0013882512538089455F};
};

template <>
struct Format<double> {
  static constexpr int mantissa_bits = 52;
  static constexpr std::uint64_t bias = 1023;
  static constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcdU;
  static constexpr double magic = 0x1.8p52;
  static constexpr double log2_e = 0x1.71547652b82fep0;
  static constexpr double ln2 = 0x1.62e42fefa39efp-1;
  static constexpr double ln2_high = 0x1.62e42fefap-1;
  static constexpr double ln2_low = 0x1.cf79abc9e3b3ap-40;
  static constexpr double exp_lowest = -746.0;
  static constexpr double exp_highest = 710.0;
  static constexpr double saturated = 40.0;
  static constexpr double log_min = -0x1.6232bdd7abcd2p+9;
  static constexpr double expm1[] = {0.5,  // relative error 2^-61
                                     0.16666666666666676546,
                                     0.041666666666666508139,
                                     0.0083333333333216545524,
                                     0.0013888888888962602201,
                                     0.00019841269886072660088,
                                     0.000024801587172242638264,
                                     2.7557244254933418441e-6,
                                     2.755740276372863877e-7,
                                     2.5109024205182086919e-8,
                                     2.0875332318675842e-9};
};

/// c0 + c2 z + c4 z² + …
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V every_other(V /*z*/, Element<V> c0) {
  return splat<V>(c0);
}
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V every_other(V /*z*/, Element<V> c0, Element<V> /*c1*/) {
  return splat<V>(c0);
}
template <Vector V, class... Rest>
[[nodiscard, gnu::always_inline]] inline V every_other(V z, Element<V> c0, Element<V> /*c1*/, Rest... rest) {
  return multiply_add(every_other(z, rest...), z, splat<V>(c0));
}

/// c0 + c1 x + c2 x² + …, given also x². Even and odd terms apart: as many operations as Horner's rule, half the wait.
template <Vector V, class... Rest>
[[nodiscard, gnu::always_inline]] inline V polynomial(V x, V square, Element<V> c0, Rest... rest) {
  return multiply_add(every_other(square, rest...), x, every_other(square, c0, rest...));
}

/// 2^k, where `biased` has k + bias in its low bits and anything above.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V power_of_two(Bits<V> biased) {
  return bit_cast<V>(biased << Format<Element<V>>::mantissa_bits);
}

/// An argument x as n ln 2 + rest with |rest| <= ln(2) / 2.
template <Vector V>
struct Reduced {
  V n;
  V rest;
  Bits<V> biased;  ///< of 2^(n + offset), as `power_of_two` wants it
};

/// Reduces factor * x, for |x| in the range of exp; `rest` is divided by |factor|, a power of two. Where n may be
/// large, it needs ln 2 in two parts to be exact.
template <int factor, bool exact, int offset = -1, Vector V>
[[nodiscard, gnu::always_inline]] inline Reduced<V> reduce(V x) {
  using T = Element<V>;
  using F = Format<T>;
  constexpr T magic = F::magic + static_cast<T>(static_cast<int>(F::bias) + offset);
  constexpr T scale = factor < 0 ? -factor : factor;
  constexpr T sign = factor < 0 ? -1 : 1;
  const V shifted = opaque(multiply_add(x, splat<V>(factor * F::log2_e), splat<V>(magic)));
  const V n = opaque(shifted - magic);
  V rest = opaque(n * ((exact ? -F::ln2_high : -F::ln2) / scale) + sign * x);
  if constexpr (exact) rest = multiply_add(n, splat<V>(-F::ln2_low / scale), rest);
  return {n, rest, bit_cast<Bits<V>>(shifted)};
}

template <int k, Vector V, std::size_t... I>
[[nodiscard, gnu::always_inline]] inline V expm1_series(V r, V square, std::index_sequence<I...> /*terms*/) {
  using T = Element<V>;
  return polynomial(r, square, (Format<T>::expm1[I] * (k == 1 ? 1 : static_cast<T>(2ULL << I)))...);
}

/// (exp(k r) - 1) / k for |k r| <= ln(2) / 2, where k is 1 or 2.
template <int k = 1, Vector V>
[[nodiscard, gnu::always_inline]] inline V expm1_reduced(V r) {
  using F = Format<Element<V>>;
  const V square = r * r;
  return multiply_add(expm1_series<k>(r, square, std::make_index_sequence<std::size(F::expm1)>{}), square, r);
}

/// m 2^n, rounded once, for m near 1 and any n that `reduce` gives.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V scale(V m, const Reduced<V>& x) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Element<V>) == 4) {
    asm("vscalefps %1, %0, %0" : "+v"(m) : "v"(x.n));
  } else {
    asm("vscalefpd %1, %0, %0" : "+v"(m) : "v"(x.n));
  }
  return m;
#else
  // Two factors, as 2^n itself may be outside the format where the result is not.
  using F = Format<Element<V>>;
  constexpr Element<V> magic = F::magic + static_cast<Element<V>>(F::bias);
  const auto first = bit_cast<Bits<V>>(opaque(multiply_add(x.n, splat<V>(0.5F), splat<V>(magic))));
  return m * power_of_two<V>(first) * power_of_two<V>(x.biased - first + (F::bias + 1));
#endif
}

/// a / b, where b and 1 / b are normal numbers.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V quotient(V a, V b) {
#if defined(__AVX512F__)
  // 14 bits and one correction are three times as fast as a division. Error 0.51 ulp.
  if constexpr (sizeof(Element<V>) == 4) {
    V reciprocal;
    asm("vrcp14ps %1, %0" : "=v"(reciprocal) : "v"(b));
    const V rough = a * reciprocal;
    return multiply_add(multiply_add(-rough, b, a), reciprocal, rough);
  }
#endif
  return a / b;
}

/// e ln 2 + ln(1 + f) for |f| at most about 0.41. Minimax polynomials: relative error 2^-27 (float), 2^-58 (double).
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V log_reduced(V f, V e) {
  using F = Format<Element<V>>;
  const V square = f * f;
  V series;
  if constexpr (sizeof(Element<V>) == 4) {
    const V p =
        polynomial(f, square, 0.33333331713928114F, -0.25000821557114568F, 0.20001227272607407F, -0.16623336525193363F,
                   0.14201725918445272F, -0.13160369593063595F, 0.12761936206158843F, -0.076344470797187039F);
    series = multiply_add(p * square, f, square * -0.5F);
  } else {
    // ln(1 + f) = 2 atanh(s) = 2 s + s z r(z), and 2 s = f - f²/2 + s f²/2, of which f is exact.
    const V s = f / (f + 2);
    const V z = s * s;
    const V r = polynomial(z, z * z, 0x1.5555555555592p-1, 0x1.999999997fd37p-2, 0x1.24924941f8c82p-2,
                           0x1.c71c5202be516p-3, 0x1.746640590fc60p-3, 0x1.39a1938713a98p-3, 0x1.2f07022be909bp-3);
    const V half = square * 0.5;
    series = multiply_add(s, multiply_add(r, z, half), -half);
  }
  series = opaque(multiply_add(e, splat<V>(F::ln2_low), series));
  return multiply_add(e, splat<V>(F::ln2_high), f + series);
}

/// x = 2^e (1 + f) with |f| at most about 0.41.
template <Vector V>
struct Split {
  V e;
  V f;
  V scale;  ///< 2^-e, or 0 where that is outside the format
};

template <Vector V>
[[nodiscard, gnu::always_inline]] inline Split<V> split(V x) {
  using T = Element<V>;
  using F = Format<T>;
  using Limits = std::numeric_limits<T>;
  const auto tiny = x < Limits::min();
  const auto bits = bit_cast<Bits<V>>(select<V>(tiny, x / Limits::epsilon(), x));
  const Bits<V> exponent = (bits - F::sqrt_half + (F::bias << F::mantissa_bits)) >> F::mantissa_bits;  // e + bias
  const V shifted = bit_cast<V>(bit_cast<Bits<V>>(splat<V>(F::magic)) + exponent);
  const V e = opaque(shifted - (F::magic + static_cast<T>(F::bias)));
  const V scale = bit_cast<V>((2 * F::bias - exponent) << F::mantissa_bits);
  return {.e = e - select<V>(tiny, splat<V>(F::mantissa_bits), V{}),
          .f = opaque(bit_cast<V>(bits - ((exponent - F::bias) << F::mantissa_bits)) - 1),
          .scale = select<V>(x < 1 / Limits::min(), scale, V{})};
}

/// `positive` where u is finite and above 0, else the logarithm's value there.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V log_special(V u, V positive) {
  using Limits = std::numeric_limits<Element<V>>;
  const V finite = select<V>(u < Limits::infinity(), positive, u);
  const V outside = select<V>(u == 0, splat<V>(-Limits::infinity()), splat<V>(Limits::quiet_NaN()));
  return select<V>(u > 0, finite, outside);
}

}  // namespace detail
}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur::simd
