#pragma once

#include <recur/framework/expr/functions.h>
#include <recur/framework/expr/fused_call.h>
#include <recur/framework/expr/kept_values.h>
#include <recur/framework/expr/pointers.h>
#include <recur/framework/simd/simd.h>

// The two loops that a Program becomes: forward evaluates each node once on a register and stores what the adjoint
// needs of the expensive ones; backward walks the same nodes in reverse with one adjoint register a node.

namespace recur::detail {
inline namespace RECUR_SIMD_WIDTH {

/// The registers of one tile: for each node the value, and in the backward loop the adjoint. Code that must be inlined
/// is in member functions: GCC 12 does not inline generic lambdas on demand.
template <class T, class P, class Kept>
struct Tile {
  using V = simd::Vec<T>;
  static constexpr Index lanes = simd::lanes<T>;
  using Nodes = std::make_integer_sequence<int, P::size>;
  V value[P::usize];
  V adjoint[P::usize];
  const double* constants;

  template <int I, int K>
  [[nodiscard, gnu::always_inline]] V argument() const {
    constexpr int child = P::children[I][K];
    if constexpr (child >= 0) return value[child];
    else return simd::splat<V>(static_cast<T>(constants[P::constant_slots[I][K]]));
  }
  template <int I, int... K>
  [[nodiscard, gnu::always_inline]] V compute(std::integer_sequence<int, K...>) const {
    return NodeInfo<typename P::template Node<I>>::Op::value(argument<I, K>()...);
  }
  template <int I>
  [[nodiscard, gnu::always_inline]] V compute() const {
    return compute<I>(std::make_integer_sequence<int, NodeInfo<typename P::template Node<I>>::arity>{});
  }
  template <int I, int K, int... J>
  [[nodiscard, gnu::always_inline]] V slope(std::integer_sequence<int, J...>) const {
    return NodeInfo<typename P::template Node<I>>::Op::template slope<K>(argument<I, J>()..., value[I]);
  }
  template <int I, int K>
  [[nodiscard, gnu::always_inline]] V slope() const {
    using Info = NodeInfo<typename P::template Node<I>>;
    if constexpr (Info::arity == 1) return Info::Op::slope(argument<I, 0>(), value[I]);
    else return slope<I, K>(std::make_integer_sequence<int, Info::arity>{});
  }

  /// Computes value[I] from the values of its arguments. The tangent of a Dual is computed by the slopes, so that
  /// forward mode is the transpose of reverse mode for every function.
  template <int I>
  [[gnu::always_inline]] void assign() {
    value[I] = compute<I>();
    if constexpr (is_dual<T>)
      assign_tangent<I>(std::make_integer_sequence<int, NodeInfo<typename P::template Node<I>>::arity>{});
  }
  template <int I, int... K>
  [[gnu::always_inline]] void assign_tangent(std::integer_sequence<int, K...>) {
    value[I].tangent = 0;
    value[I].tangent = (tangent_from<I, K>() + ...);
  }
  template <int I, int K>
  [[nodiscard, gnu::always_inline]] double tangent_from() const {
    constexpr int child = P::children[I][K];
    if constexpr (child >= 0) return slope<I, K>().value * value[child].tangent;
    else return 0;
  }

  /// Returns the position where the value of a slot is kept.
  template <int slot, class In, class Pointer>
  [[gnu::always_inline]] static Pointer place(const In& in, Index at, Pointer kept) {
    if constexpr (Kept::operand(slot) >= 0) return in.at(Kept::operand(slot), at);
    else return kept + Kept::position(slot) * lanes;
  }

  // ---- Forward ----------------------------------------------------------------------------------------------------

  template <int I, class In>
  [[gnu::always_inline]] void evaluate(const In& in, Index at, T* kept) {
    using E = typename P::template Node<I>;
    if constexpr (is_map<E>) assign<I>();
    else value[I] = simd::load(in.at(operand_of(E{}), at));
    if constexpr (P::kept_slots[I] >= 0) simd::store(place<P::kept_slots[I]>(in, at, kept), value[I]);
  }
  template <class In, int... I>
  [[gnu::always_inline]] void evaluate_all(const In& in, Index at, T* kept, std::integer_sequence<int, I...>) {
    (evaluate<I>(in, at, kept), ...);
  }
  template <class Out, std::size_t... O>
  [[gnu::always_inline]] void store_outputs(const Out& out, Index at, std::index_sequence<O...>) const {
    (simd::store(out.at(O, at), value[P::output_nodes[O]]), ...);
  }

  // ---- Backward ---------------------------------------------------------------------------------------------------

  template <int I, class In, class Out>
  [[gnu::always_inline]] void restore(const In& in, const Out& out, Index at, const T* kept) {
    using E = typename P::template Node<I>;
    constexpr int output = position(P::output_nodes, I);
    if constexpr (!is_map<E>) value[I] = simd::load(in.at(operand_of(E{}), at));
    else if constexpr (P::kept_slots[I] >= 0) value[I] = simd::load(place<P::kept_slots[I]>(in, at, kept));
    else if constexpr (NodeInfo<E>::keep && output >= 0) value[I] = simd::load(out.at(output, at));
    else assign<I>();
  }
  template <class In, class Out, int... I>
  [[gnu::always_inline]] void restore_all(const In& in, const Out& out, Index at, const T* kept,
                                          std::integer_sequence<int, I...>) {
    (restore<I>(in, out, at, kept), ...);
  }
  /// adjoint[I] = the gradient that arrived, for outputs, + Σ over uses of I: the adjoint of the use times its slope.
  template <int I, class Seeds, std::size_t... U>
  [[gnu::always_inline]] void collect(const Seeds& seeds, Index at, std::index_sequence<U...>) {
    constexpr auto& uses = P::template uses<I>;
    constexpr int output = position(P::output_nodes, I);
    V sum{};
    if constexpr (output >= 0) sum = simd::load(seeds.at(output, at));
    ((output < 0 && U == 0 ? void(sum = adjoint[uses[U].node] * slope<uses[U].node, uses[U].child>())
                           : void(sum += adjoint[uses[U].node] * slope<uses[U].node, uses[U].child>())),
     ...);
    adjoint[I] = sum;
  }
  template <class Seeds, int... I>
  [[gnu::always_inline]] void collect_all(const Seeds& seeds, Index at, std::integer_sequence<int, I...>) {
    (collect<P::size - 1 - I>(seeds, at, std::make_index_sequence<P::template uses<P::size - 1 - I>.size()>{}), ...);
  }
  template <int I, class Sinks>
  [[gnu::always_inline]] void put(Sinks& sinks, Index col, Index n, typename Sinks::Sums& sums) const {
    using E = typename P::template Node<I>;
    if constexpr (!is_map<E>) sinks.template put<operand_of(E{})>(adjoint[I], col, n, sums);
  }
  template <class Sinks, int... I>
  [[gnu::always_inline]] void put_all(Sinks& sinks, Index col, Index n, typename Sinks::Sums& sums,
                                      std::integer_sequence<int, I...>) const {
    (put<I>(sinks, col, n, sums), ...);
  }
  template <int I, class Sinks>
  [[gnu::always_inline]] void assign_gradient(Sinks& sinks, Index col) const {
    using E = typename P::template Node<I>;
    if constexpr (!is_map<E>) sinks.template assign<operand_of(E{})>(adjoint[I], col);
  }
  template <class Sinks, int... I>
  [[gnu::always_inline]] void assign_gradients(Sinks& sinks, Index col, std::integer_sequence<int, I...>) const {
    (assign_gradient<I>(sinks, col), ...);
  }
};

/// Copies values that were kept in the copies of operands' tails back to the operands.
template <class P, class Kept, class In, class Buffers>
void put_back_tails(const In& in, Index col, Index n, const Buffers& tails) {
  for (int slot = 0; slot < P::kept; ++slot)
    if (Kept::operand(slot) >= 0) in.put_back(static_cast<std::size_t>(Kept::operand(slot)), col, n, tails);
}

template <class T, class P, bool Dense, class Kept = KeptAside<P>>
void forward_kernel(const FusedCall& call) {
  constexpr Index lanes = simd::lanes<T>;
  using Values = Tile<T, P, Kept>;
  Pointers<T, P::operands, Dense> in;
  Pointers<T, P::outputs, true> out;
  TailBuffers<T, P::operands> in_buffer;
  TailBuffers<T, P::operands> spread;
  TailBuffers<T, P::outputs> out_buffer;
  Values tile;
  tile.constants = call.constants;
  const Index rows = call.rows;
  const Index begin = call.begin;
  const Index end = call.end;
  // Without a gradient what would be kept is written to one place over and over.
  TailBuffers<T, Kept::count + 1> nowhere;
  T* const kept_begin = call.kept == nullptr ? nowhere.data[0] : static_cast<T*>(call.kept);
  const Index kept_step = call.kept == nullptr ? 0 : Kept::count * lanes;
  for (Index row = call.first_row; row < rows; ++row) {
    in.begin_row(call.inputs, row, spread);
    out.begin_row(call.outputs, row, out_buffer);
    T* kept = kept_begin + (row * call.kept_tiles + (begin - call.kept_begin) / lanes) * kept_step;
    for (Index col = begin; col < end; col += lanes, kept += kept_step) {
      const Index n = end - col;
      Index at = col;
      if (n < lanes) [[unlikely]] {
        in.read_tail(col, n, in_buffer);
        out.begin_tail(out_buffer);
        at = 0;
      }
      tile.evaluate_all(in, at, kept, typename Values::Nodes{});
      tile.store_outputs(out, at, std::make_index_sequence<P::outputs>{});
      if (n < lanes) [[unlikely]] {
        out.end_tail(col, n, out_buffer);
        put_back_tails<P, Kept>(in, col, n, in_buffer);
      }
    }
  }
}

template <class T, class P, bool Dense, class Kept = KeptAside<P>>
void backward_kernel(const FusedCall& call) {
  constexpr Index lanes = simd::lanes<T>;
  using Values = Tile<T, P, Kept>;
  Pointers<T, P::operands, Dense> in;
  Pointers<T, P::outputs, true> out;
  Pointers<T, P::outputs, Dense> seeds;
  SinkPointers<T, P::operands, Dense> sinks;
  TailBuffers<T, P::operands> in_buffer;
  TailBuffers<T, P::operands> in_spread;
  TailBuffers<T, P::outputs> out_buffer;
  TailBuffers<T, P::outputs> seed_buffer;
  TailBuffers<T, P::outputs> seed_spread;
  TailBuffers<T, P::operands> sums{};
  Values tile;
  tile.constants = call.constants;
  // As at nearly every step of a sequence: then there is nothing to ask in the loop.
  const bool assigned = Dense && SinkPointers<T, P::operands, Dense>::assigned(call.sinks, P::used);
  const Index rows = call.rows;
  const Index begin = call.begin;
  const Index end = call.end;
  for (Index row = call.first_row; row < rows; ++row) {
    const T* kept = static_cast<const T*>(call.kept) +
                    (row * call.kept_tiles + (begin - call.kept_begin) / lanes) * Kept::count * lanes;
    in.begin_row(call.inputs, row, in_spread);
    out.begin_row(call.outputs, row, out_buffer);
    seeds.begin_row(call.seeds, row, seed_spread);
    sinks.begin_row(call.sinks, row, sums);
    Index col = begin;
    if (assigned) {
      for (; col <= end - lanes; col += lanes, kept += Kept::count * lanes) {
        tile.restore_all(in, out, col, kept, typename Values::Nodes{});
        tile.collect_all(seeds, col, typename Values::Nodes{});
        tile.assign_gradients(sinks, col, typename Values::Nodes{});
      }
    }
    for (; col < end; col += lanes, kept += Kept::count * lanes) {
      const Index n = end - col;
      Index at = col;
      if (n < lanes) [[unlikely]] {
        in.read_tail(col, n, in_buffer);
        out.read_tail(col, n, out_buffer);
        seeds.read_tail(col, n, seed_buffer);
        at = 0;
      }
      tile.restore_all(in, out, at, kept, typename Values::Nodes{});
      tile.collect_all(seeds, at, typename Values::Nodes{});
      tile.put_all(sinks, col, n, sums, typename Values::Nodes{});
    }
    sinks.end_row(sums);
  }
}

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur::detail
