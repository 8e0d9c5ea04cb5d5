#pragma once

#include <recur/framework/expr/kernel.h>
#include <recur/framework/expr/operators.h>

#include <array>
#include <tuple>

namespace recur::detail {
inline namespace RECUR_SIMD_WIDTH {  // see simd.h

template <class P>
inline constexpr FusedKernel fused_kernel = {
    {{{&forward_kernel<float, P, false>, &backward_kernel<float, P, false>, &forward_kernel<float, P, true>,
       &backward_kernel<float, P, true>, simd::lanes<float>},
      // double is for checking gradients: one form of each loop will do, and compiles faster.
      {&forward_kernel<double, P, false>, &backward_kernel<double, P, false>, &forward_kernel<double, P, false>,
       &backward_kernel<double, P, false>, simd::lanes<double>},
      {&forward_kernel<Dual, P, false>, &backward_kernel<Dual, P, false>, &forward_kernel<Dual, P, false>,
       &backward_kernel<Dual, P, false>, simd::lanes<Dual>}}},
    P::operands,
    P::outputs,
    P::size,
    P::kept,
    P::used.data(),
    P::functions.data()};

template <int Operands, class... Outputs>
[[nodiscard]] auto run_expressions(std::span<const Var> operands, const std::tuple<Outputs...>& expressions) {
  using P = Program<Operands, Outputs...>;
  std::array<double, P::constants> constants{};
  std::array<bool, P::constants> known{};
  bool consistent = true;
  std::apply([&](const auto&... e) { ((consistent = collect_constants<P>(e, constants, known) && consistent), ...); },
             expressions);
  if constexpr (P::ambiguous) {
    // 0.2 * x and 0.5 * x have one type. Telling all constants apart is always right; sharing is merely faster.
    if (!consistent) return run_expressions<Operands>(operands, number_all(expressions));
  }
  std::array<Var, sizeof...(Outputs)> results;
  run_fused(fused_kernel<P>, operands, constants, results);
  return results;
}

template <class... E>
[[nodiscard]] std::tuple<E...> as_tuple(const std::tuple<E...>& t) {
  return t;
}
template <Expression E>
[[nodiscard]] std::tuple<E> as_tuple(const E& e) {
  return {e};
}

/// Operands of `fuse` may be values, products, expressions (computed first) and parameters.
template <class X>
[[nodiscard]] Tape* tape_of(X&& x) {
  if constexpr (std::is_same_v<Plain<X>, Var> || std::is_same_v<Plain<X>, Linear>) return &x.tape();
  else return nullptr;
}
template <class X>
[[nodiscard]] Var as_operand(X&& x, Tape* tape) {
  if constexpr (std::is_same_v<Plain<X>, Parameter>) {
    require<ValueError>(tape != nullptr, "fuse: all operands are parameters; one must be a value on a tape");
    return tape->leaf(x);
  } else {
    return static_cast<Var>(x);
  }
}

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur::detail

namespace recur {
inline namespace RECUR_SIMD_WIDTH {

/// Computes pointwise arithmetic over the operands in ONE loop, recorded as ONE operation whose adjoint is one loop too:
///
///   auto [h, c] = fuse([](auto i, auto f, auto g, auto o, auto c0) {
///     auto c = sigmoid(f) * c0 + sigmoid(i) * tanh(g);
///     return std::tuple{sigmoid(o) * tanh(c), c};
///   }, i, f, g, o, c0);
///
/// What appears twice in it is computed once. Operands: `Var`s, `Parameter`s, products; scalars, one row `[H]`, one column
/// `[B, 1]` and full `[B, H]` broadcast against each other.
/// @returns a Var for an expression, a `std::array<Var, n>` for a tuple of n. @throws ShapeError when shapes do not fit.
template <class F, class... X>
  requires(detail::is_value<X>&&...)
|| (PointwiseOperand<X> && ...) [[nodiscard]] auto fuse(F&& function, X&&... operands) {
  constexpr int count = sizeof...(X);
  static_assert(count > 0, "fuse: at least one operand");
  Tape* tape = nullptr;
  ((tape = tape != nullptr ? tape : detail::tape_of(operands)), ...);
  const std::array<Var, sizeof...(X)> values = {detail::as_operand(operands, tape)...};
  const auto result = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return function(Arg<static_cast<int>(I)>{}...);
  }
  (std::index_sequence_for<X...>{});
  const auto outputs = detail::run_expressions<count>(values, detail::as_tuple(result));
  if constexpr (Expression<std::remove_const_t<decltype(result)>>) return outputs[0];
  else return outputs;
}

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur

namespace recur::detail {

// An expression written outside `fuse` holds its operands as leaves; here they become arguments by position.

template <class E>
inline constexpr int leaves_in = std::is_same_v<E, Leaf> ? 1 : 0;
template <class Op, class... A>
inline constexpr int leaves_in<Map<Op, A...>> = (leaves_in<A> + ... + 0);

template <int First, class E>
[[nodiscard]] auto with_arguments(const E& e, Leaf* found) {
  if constexpr (std::is_same_v<E, Leaf>) {
    found[First] = e;
    return Arg<First>{};
  } else {
    return e;
  }
}
template <int First, class Op, class... A>
[[nodiscard]] auto with_arguments(const Map<Op, A...>& e, Leaf* found) {
  constexpr auto starts = [] {
    std::array<int, sizeof...(A)> at{};
    int next = First;
    std::size_t k = 0;
    ((at[k++] = next, next += leaves_in<A>), ...);
    return at;
  }();
  return [&]<std::size_t... K>(std::index_sequence<K...>) {
    return make_map<Op>(with_arguments<starts[K]>(std::get<K>(e.args), found)...);
  }
  (std::index_sequence_for<A...>{});
}

}  // namespace recur::detail

namespace recur {
inline namespace RECUR_SIMD_WIDTH {

/// Computes an expression: one loop, one record.
template <Expression E>
[[nodiscard]] Var evaluate(const E& expression) {
  constexpr int count = detail::leaves_in<E>;
  static_assert(count > 0, "an expression without values; arguments of a fused lambda cannot leave it");
  std::array<Leaf, static_cast<std::size_t>(count)> leaves;
  const auto body = detail::with_arguments<0>(expression, leaves.data());
  Tape* tape = nullptr;
  for (const Leaf& leaf : leaves)
    if (leaf.parameter == nullptr) tape = &leaf.var.tape();
  std::array<Var, static_cast<std::size_t>(count)> values;
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = leaves[i].parameter == nullptr ? leaves[i].var : detail::as_operand(*leaves[i].parameter, tape);
  return detail::run_expressions<count>(values, std::tuple{body})[0];
}

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur
