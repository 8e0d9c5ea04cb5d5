#pragma once

#include <cstddef>
#include <type_traits>

namespace recur {

/// A number and its derivative along one direction: x + ε·x' with ε² = 0. Arithmetic follows the rules of
/// differentiation, so what is computed with Duals is computed together with its derivative. A tape of `DType::dual`
/// does everything so, backward passes included; see second_order.h.
///
/// Comparisons look at the value alone. Everything is always inlined, as in simd.h; a Dual passes there as a register
/// of one number.
struct Dual {
  double value;
  double tangent;

  Dual() = default;
  template <class Number>
    requires std::is_arithmetic_v<Number>
  // NOLINTNEXTLINE(google-explicit-constructor): a plain number is one that does not change.
  [[gnu::always_inline]] constexpr Dual(Number v) : value(static_cast<double>(v)), tangent(0) {}
  [[gnu::always_inline]] constexpr Dual(double v, double t) : value(v), tangent(t) {}

  template <class Number>
    requires std::is_arithmetic_v<Number>
  [[gnu::always_inline]] constexpr explicit operator Number() const { return static_cast<Number>(value); }
  /// The only lane of the register.
  [[gnu::always_inline]] constexpr Dual& operator[](std::ptrdiff_t) { return *this; }
  [[gnu::always_inline]] constexpr const Dual& operator[](std::ptrdiff_t) const { return *this; }

  [[gnu::always_inline]] friend constexpr Dual operator-(Dual a) { return {-a.value, -a.tangent}; }
  [[gnu::always_inline]] friend constexpr Dual operator+(Dual a, Dual b) {
    return {a.value + b.value, a.tangent + b.tangent};
  }
  [[gnu::always_inline]] friend constexpr Dual operator-(Dual a, Dual b) {
    return {a.value - b.value, a.tangent - b.tangent};
  }
  [[gnu::always_inline]] friend constexpr Dual operator*(Dual a, Dual b) {
    return {a.value * b.value, a.tangent * b.value + a.value * b.tangent};
  }
  [[gnu::always_inline]] friend constexpr Dual operator/(Dual a, Dual b) {
    const double quotient = a.value / b.value;
    return {quotient, (a.tangent - quotient * b.tangent) / b.value};
  }
  [[gnu::always_inline]] constexpr Dual& operator+=(Dual b) { return *this = *this + b; }
  [[gnu::always_inline]] constexpr Dual& operator-=(Dual b) { return *this = *this - b; }
  [[gnu::always_inline]] constexpr Dual& operator*=(Dual b) { return *this = *this * b; }
  [[gnu::always_inline]] constexpr Dual& operator/=(Dual b) { return *this = *this / b; }

  [[gnu::always_inline]] friend constexpr bool operator==(Dual a, Dual b) { return a.value == b.value; }
  [[gnu::always_inline]] friend constexpr bool operator!=(Dual a, Dual b) { return a.value != b.value; }
  [[gnu::always_inline]] friend constexpr bool operator<(Dual a, Dual b) { return a.value < b.value; }
  [[gnu::always_inline]] friend constexpr bool operator>(Dual a, Dual b) { return a.value > b.value; }
  [[gnu::always_inline]] friend constexpr bool operator<=(Dual a, Dual b) { return a.value <= b.value; }
  [[gnu::always_inline]] friend constexpr bool operator>=(Dual a, Dual b) { return a.value >= b.value; }
};

/// True for Dual.
template <class T>
inline constexpr bool is_dual = std::is_same_v<T, Dual>;

/// The elementary functions that pointwise functions are written in (simd_math.h), for a Dual.
namespace simd {

[[nodiscard]] Dual exp(Dual x);
[[nodiscard]] Dual expm1(Dual x);
[[nodiscard]] Dual log(Dual x);
[[nodiscard]] Dual log1p(Dual x);
[[nodiscard]] Dual sqrt(Dual x);
[[nodiscard]] Dual tanh(Dual x);
[[nodiscard]] Dual sigmoid(Dual x);
[[nodiscard]] Dual softplus(Dual x);
[[nodiscard]] Dual erfc(Dual x);
/// The exponent does not change.
[[nodiscard]] Dual pow(Dual x, Dual exponent);
[[nodiscard]] Dual abs(Dual x);
[[nodiscard]] Dual copysign(Dual magnitude, Dual sign);
[[nodiscard]] Dual round(Dual x);
[[nodiscard]] Dual floor(Dual x);
/// As for registers: `b` when either is not a number.
[[nodiscard]] Dual min(Dual a, Dual b);
[[nodiscard]] Dual max(Dual a, Dual b);
[[nodiscard]] Dual load_partial(const Dual* source, std::ptrdiff_t n);
void store_partial(Dual* target, Dual x, std::ptrdiff_t n);

}  // namespace simd
}  // namespace recur
