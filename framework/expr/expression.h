#pragma once

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/autodiff/var.h>
#include <recur/framework/expr/reusable.h>

#include <tuple>
#include <type_traits>

namespace recur {

/// What the slopes of a function are computed from.
enum class SlopeOf : unsigned char { nothing, result, arguments };

/// The I-th operand of a fused kernel. Its type is its identity: equal subexpressions have equal types.
template <int I>
struct Arg : ExpressionBase {};

/// A number in an expression.
struct Constant : ExpressionBase {
  double value;
  explicit constexpr Constant(double v) : value(v) {}
};

/// A value of the tape in an expression written outside `fuse`.
struct Leaf : ExpressionBase {
  Var var;
  Parameter* parameter = nullptr;  ///< When set, `var` is found on the tape of the other operands.
  Leaf() = default;
  explicit Leaf(Var v) : var(v) {}
  explicit Leaf(Parameter& p) : parameter(&p) {}
};

/// `Op` applied to its arguments. Holds operands by value (handles and numbers), so nothing dangles.
template <class Op, class... A>
struct Map : ExpressionBase {
  [[no_unique_address]] std::tuple<A...> args;
  explicit constexpr Map(A... a) : args(a...) {}
};

namespace detail {

template <class X>
using Plain = std::remove_cvref_t<X>;

template <class X>
inline constexpr bool is_value =
    std::is_same_v<Plain<X>, Var> || std::is_same_v<Plain<X>, Linear> || std::is_same_v<Plain<X>, Parameter>;
template <class X>
inline constexpr bool is_reusable = false;
template <std::size_t N>
inline constexpr bool is_reusable<Reusable<N>> = true;
template <class X>
inline constexpr bool is_list = is_reusable<X>;
template <std::size_t N>
inline constexpr bool is_list<std::array<Var, N>> = true;
template <class X>
inline constexpr bool is_number = std::is_arithmetic_v<Plain<X>>;

}  // namespace detail

/// An argument of a pointwise function: an expression, a value on a tape, a parameter, or a number.
template <class X>
concept PointwiseOperand = Expression<detail::Plain<X>> || detail::is_value<X> || detail::is_number<X>;
/// True if at least one operand is more than a number; otherwise built-in arithmetic is meant.
template <class... X>
concept PointwiseOperands = (PointwiseOperand<X> && ...) && (!detail::is_number<X> || ...);

namespace detail {

template <class X>
[[nodiscard]] constexpr auto as_expression(X&& x) {
  using P = Plain<X>;
  if constexpr (Expression<P>) return x;
  else if constexpr (std::is_same_v<P, Parameter>) return Leaf(x);
  else if constexpr (is_number<X>) return Constant(static_cast<double>(x));
  else return Leaf(static_cast<Var>(x));
}

template <class Op, class... A>
[[nodiscard]] constexpr auto make_map(A... a) {
  return Map<Op, A...>(a...);
}

}  // namespace detail

/// Returns the expression `Op(x…)`.
template <class Op, class... X>
  requires PointwiseOperands<X...>
[[nodiscard]] constexpr auto map(X&&... x) {
  return detail::make_map<Op>(detail::as_expression(std::forward<X>(x))...);
}

}  // namespace recur
