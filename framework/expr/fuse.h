#pragma once

#include <recur/framework/expr/kernel.h>
#include <recur/framework/expr/operators.h>

#include <algorithm>
#include <array>
#include <span>
#include <tuple>

namespace recur::detail {
inline namespace RECUR_SIMD_WIDTH {  // see simd.h

/// True if a function of the expressions declares `rare`: it is chosen at run time, for what few programs use.
template <class E>
inline constexpr bool is_rare = false;
template <class Op, class... A>
inline constexpr bool is_rare<Map<Op, A...>> = requires {
  Op::rare;
};
template <class... E>
inline constexpr bool is_rare<TypeList<E...>> = (is_rare<E> || ...);

/// Returns the loops for one number type. Each takes 0.3 to 0.5 s to compile, so that loops for dense operands are
/// compiled for float and usual functions only. double is for checking gradients.
template <class T, class P, class Kept>
[[nodiscard]] constexpr FusedKernel::Loops fused_loops() {
  constexpr bool fast = std::is_same_v<T, float> && !is_rare<typename P::Nodes>;
  FusedKernel::Loops loops{&forward_kernel<T, P, false>,
                           &backward_kernel<T, P, false>,
                           &forward_kernel<T, P, fast>,
                           &backward_kernel<T, P, fast>,
                           nullptr,
                           nullptr,
                           simd::lanes<T>};
  if constexpr (Kept::count < P::kept && !is_dual<T>) {
    loops.own_forward = &forward_kernel<T, P, fast, Kept>;
    loops.own_backward = &backward_kernel<T, P, fast, Kept>;
  }
  return loops;
}

/// `own` has one bit for each operand that may be overwritten.
template <class P, OperandBits own>
inline constexpr FusedKernel fused_kernel = {
    {{fused_loops<float, P, KeptInPlace<P, own>>(), fused_loops<double, P, KeptInPlace<P, own>>(),
      fused_loops<Dual, P, KeptInPlace<P, own>>()}},
    P::operands,
    P::outputs,
    P::size,
    P::kept,
    KeptInPlace<P, own>::count,
    KeptInPlace<P, own>::overwritten,
    P::used.data(),
    P::functions.data(),
    P::children.data(),
    P::constant_slots.data(),
    P::argument_nodes.data(),
    P::output_nodes.data()};

template <int Operands, OperandBits own, class... Outputs>
[[nodiscard]] auto run_expressions(std::span<const Var> operands, const std::tuple<Outputs...>& expressions,
                                   const FusedMemory& memory) {
  using P = Program<Operands, Outputs...>;
  std::array<double, P::constants> constants{};
  std::array<bool, P::constants> known{};
  bool consistent = true;
  std::apply([&](const auto&... e) { ((consistent = collect_constants<P>(e, constants, known) && consistent), ...); },
             expressions);
  if constexpr (P::ambiguous) {
    // 0.2 * x and 0.5 * x have one type. Telling all constants apart is always right; sharing is merely faster.
    if (!consistent) return run_expressions<Operands, own>(operands, number_all(expressions), memory);
  }
  std::array<Var, sizeof...(Outputs)> results;
  run_fused(fused_kernel<P, own>, operands, constants, results, memory);
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

/// Number of operands that an argument of `fuse` stands for.
template <class X>
inline constexpr int operands_in = 1;
template <std::size_t N>
inline constexpr int operands_in<Reusable<N>> = static_cast<int>(N);
template <std::size_t N>
inline constexpr int operands_in<std::array<Var, N>> = static_cast<int>(N);

/// Returns true if fuse() may overwrite the values an argument stands for; also for arguments that are not marked.
template <class X>
[[nodiscard]] bool may_overwrite([[maybe_unused]] const X& x) {
  if constexpr (is_reusable<X>) return x.may_overwrite();
  else return true;
}

template <class... X>
[[nodiscard]] constexpr OperandBits reusable_operands() {
  OperandBits bits = 0;
  int at = 0;
  ((bits |= is_reusable<X> ? bits_of(at, operands_in<X>) : 0, at += operands_in<X>), ...);
  return bits;
}

/// Operands of `fuse` may be values, products, expressions (computed first), parameters and parts of a value.
template <class X>
[[nodiscard]] Tape* tape_of(const X& x) {
  if constexpr (std::is_same_v<X, Var> || std::is_same_v<X, Linear> || is_reusable<X>) return &x.tape();
  else if constexpr (is_list<X>) return &x[0].tape();
  else return nullptr;
}
template <class X>
void put_operands(X&& x, Tape* tape, std::span<Var>& to) {
  if constexpr (std::is_same_v<Plain<X>, Parameter>) {
    require<ValueError>(tape != nullptr, "fuse: all operands are parameters; one must be a value on a tape");
    to[0] = tape->leaf(x);
  } else if constexpr (is_reusable<Plain<X>>) {
    std::ranges::copy(x.parts, to.begin());
  } else if constexpr (is_list<Plain<X>>) {
    std::ranges::copy(x, to.begin());
  } else {
    to[0] = static_cast<Var>(x);
  }
  to = to.subspan(static_cast<std::size_t>(operands_in<Plain<X>>));
}

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur::detail

namespace recur {
inline namespace RECUR_SIMD_WIDTH {

/// Computes pointwise arithmetic over the operands in ONE loop, recorded as ONE operation whose adjoint is one loop
/// too:
///
///   auto [h, c] = fuse([](auto i, auto f, auto g, auto o, auto c0) {
///     auto c = sigmoid(f) * c0 + sigmoid(i) * tanh(g);
///     return std::tuple{sigmoid(o) * tanh(c), c};
///   }, i, f, g, o, c0);
///
/// What appears twice in it is computed once. Operands: `Var`s, `Parameter`s, products; scalars, one row `[H]`, one
/// column `[B, 1]` and full `[B, H]` broadcast against each other. A list, `split<4>(z)`, stands for its values one
/// after the other. With `reuse(split<4>(matmul(x, kernel) + bias))` the gates need memory only once; with a first
/// argument `into(place)` the first result is written there.
/// Returns a Var for an expression, a `std::array<Var, n>` for a tuple of n. Throws ShapeError if shapes do not fit.
template <class F, class... X>
  requires((PointwiseOperand<X> || detail::is_list<detail::Plain<X>>)&&...)
[[nodiscard]] auto fuse(Destination destination, F&& function, X&&... operands) {
  constexpr int count = (detail::operands_in<detail::Plain<X>> + ... + 0);
  static_assert(count > 0, "fuse: at least one operand");
  Tape* tape = nullptr;
  ((tape = tape != nullptr ? tape : detail::tape_of(operands)), ...);
  std::array<Var, static_cast<std::size_t>(count)> values;
  std::span<Var> rest(values);
  (detail::put_operands<X>(std::forward<X>(operands), tape, rest), ...);
  // Asked after all products have been computed.
  const detail::FusedMemory memory{(detail::may_overwrite<detail::Plain<X>>(operands) && ...), destination.place};
  const auto result = [&]<int... I>(std::integer_sequence<int, I...>) { return function(Arg<I>{}...); }
  (std::make_integer_sequence<int, count>{});
  const auto outputs = detail::run_expressions<count, detail::reusable_operands<detail::Plain<X>...>()>(
      values, detail::as_tuple(result), memory);
  if constexpr (Expression<std::remove_const_t<decltype(result)>>) return outputs[0];
  else return outputs;
}
template <class F, class... X>
  requires((PointwiseOperand<X> || detail::is_list<detail::Plain<X>>)&&...)
[[nodiscard]] auto fuse(F&& function, X&&... operands) {
  return fuse(Destination{}, std::forward<F>(function), std::forward<X>(operands)...);
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
    values[i] = leaves[i].parameter == nullptr ? leaves[i].var : tape->leaf(*leaves[i].parameter);
  return detail::run_expressions<count, 0>(values, std::tuple{body}, detail::FusedMemory{})[0];
}

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur
