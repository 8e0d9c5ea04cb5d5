#pragma once

#include <recur/framework/expr/functions.h>

namespace recur {

// Arithmetic on values, expressions, parameters and numbers builds an expression; nothing is computed until it is
// assigned to a Var or handed to `fuse`. Sums that contain a matrix product stay matrix products
// (framework/autodiff/linear.h).

namespace detail {

// Linear + Var, Linear + Parameter and Linear + Linear belong to Linear.
template <class L, class R>
inline constexpr bool linear_sum = (std::is_same_v<Plain<L>, Linear> && is_value<R>) ||
                                   (std::is_same_v<Plain<R>, Linear> && is_value<L>);

}  // namespace detail

/// Arithmetic on values, expressions, parameters and numbers. A scalar, one row or one column is repeated to
/// the shape of the others.
template <class L, class R>
  requires(PointwiseOperands<L, R> && !detail::linear_sum<L, R>)
[[nodiscard]] constexpr auto operator+(L&& left, R&& right) {
  return map<fn::Add>(std::forward<L>(left), std::forward<R>(right));
}
template <class L, class R>
  requires PointwiseOperands<L, R>
[[nodiscard]] constexpr auto operator-(L&& left, R&& right) {
  return map<fn::Subtract>(std::forward<L>(left), std::forward<R>(right));
}
template <class L, class R>
  requires PointwiseOperands<L, R>
[[nodiscard]] constexpr auto operator*(L&& left, R&& right) {
  return map<fn::Multiply>(std::forward<L>(left), std::forward<R>(right));
}
template <class L, class R>
  requires PointwiseOperands<L, R>
[[nodiscard]] constexpr auto operator/(L&& left, R&& right) {
  return map<fn::Divide>(std::forward<L>(left), std::forward<R>(right));
}
[[nodiscard]] constexpr auto operator-(PointwiseOperand auto&& x) requires(!detail::is_number<decltype(x)>) {
  return map<fn::Negate>(std::forward<decltype(x)>(x));
}

template <class X>
concept PointwiseArgument = PointwiseOperand<X> && !detail::is_number<X>;

/// Pointwise functions. Each becomes part of the loop that its expression is computed in; framework/expr/functions.h
/// has formulas and derivatives.
[[nodiscard]] constexpr auto exp(PointwiseArgument auto&& x) { return map<fn::Exp>(x); }
[[nodiscard]] constexpr auto log(PointwiseArgument auto&& x) { return map<fn::Log>(x); }
[[nodiscard]] constexpr auto sqrt(PointwiseArgument auto&& x) { return map<fn::Sqrt>(x); }
[[nodiscard]] constexpr auto square(PointwiseArgument auto&& x) { return map<fn::Square>(x); }
[[nodiscard]] constexpr auto abs(PointwiseArgument auto&& x) { return map<fn::Abs>(x); }
[[nodiscard]] constexpr auto round(PointwiseArgument auto&& x) { return map<fn::Round>(x); }
[[nodiscard]] constexpr auto tanh(PointwiseArgument auto&& x) { return map<fn::Tanh>(x); }
[[nodiscard]] constexpr auto sigmoid(PointwiseArgument auto&& x) { return map<fn::Sigmoid>(x); }
[[nodiscard]] constexpr auto hard_sigmoid(PointwiseArgument auto&& x) { return map<fn::HardSigmoid>(x); }
[[nodiscard]] constexpr auto hard_sigmoid_v3(PointwiseArgument auto&& x) { return map<fn::HardSigmoidV3>(x); }
[[nodiscard]] constexpr auto relu(PointwiseArgument auto&& x) { return map<fn::Relu>(x); }
[[nodiscard]] constexpr auto softplus(PointwiseArgument auto&& x) { return map<fn::Softplus>(x); }
[[nodiscard]] constexpr auto softsign(PointwiseArgument auto&& x) { return map<fn::Softsign>(x); }
/// The default slope below zero is Keras's, 0.2 (r1.15: `tf.nn.leaky_relu`).
[[nodiscard]] constexpr auto leaky_relu(PointwiseArgument auto&& x, double slope = 0.2) {
  return map<fn::LeakyRelu>(x, slope);
}
[[nodiscard]] constexpr auto elu(PointwiseArgument auto&& x, double alpha = 1) { return map<fn::Elu>(x, alpha); }
[[nodiscard]] constexpr auto pow(PointwiseArgument auto&& x, double exponent) { return map<fn::Pow>(x, exponent); }

/// The smaller, or larger, of two values. The gradient goes to that value, and to the first if they are equal.
template <class A, class B>
  requires PointwiseOperands<A, B>
[[nodiscard]] constexpr auto min(A&& a, B&& b) { return map<fn::Min>(std::forward<A>(a), std::forward<B>(b)); }
template <class A, class B>
  requires PointwiseOperands<A, B>
[[nodiscard]] constexpr auto max(A&& a, B&& b) { return map<fn::Max>(std::forward<A>(a), std::forward<B>(b)); }
/// 1 where a > b, 0 elsewhere. Its gradient is 0.
template <class A, class B>
  requires PointwiseOperands<A, B>
[[nodiscard]] constexpr auto greater(A&& a, B&& b) { return map<fn::Greater>(std::forward<A>(a), std::forward<B>(b)); }
/// Returns `a` where `condition` is not 0, and `b` elsewhere. Both are computed and differentiated everywhere, and
/// the slope of the one that is not chosen is multiplied by 0: if that slope is infinite or NaN, so is the gradient.
/// Choose the argument instead: `log(where(greater(x, 0), x, 1))`, not `where(greater(x, 0), log(x), 0)`.
template <class C, class A, class B>
  requires PointwiseOperands<C, A, B>
[[nodiscard]] constexpr auto where(C&& condition, A&& a, B&& b) {
  return map<fn::Where>(std::forward<C>(condition), std::forward<A>(a), std::forward<B>(b));
}

}  // namespace recur
