#pragma once

#include <recur/framework/expr/functions.h>
#include <recur/framework/expr/fused_call.h>
#include <recur/framework/expr/program.h>
#include <recur/framework/simd.h>

// The two loops that a Program becomes: forward evaluates each node once on a register and stores what the adjoint needs of
// the expensive ones; backward walks the same nodes in reverse with one adjoint register a node.

namespace recur::detail {
inline namespace RECUR_SIMD_WIDTH {

/// Walks some operands along a row, a register at a time. An operand with one column is spread over a register at the start of
/// its row; the last columns, fewer than a register, go through a padded copy, so that one loop body serves all cases.
template <class T, int N>
class Cursor {
 public:
  static constexpr Index lanes = simd::lanes<T>;

  void begin_row(const Stream* streams, Index row) {
    for (std::size_t i = 0; i < N; ++i) {
      T* const data = static_cast<T*>(streams[i].data) + row * streams[i].row_stride;
      step_[i] = streams[i].col_step * lanes;
      at_[i] = data;
      if (streams[i].col_step == 0) {
        simd::store(spread_[i], simd::splat<simd::Vec<T>>(*data));
        at_[i] = spread_[i];
      }
    }
  }
  /// The next `n` columns are fewer than a register: read them from a padded copy.
  void read_tail(Index n) {
    for (std::size_t i = 0; i < N; ++i) {
      if (step_[i] == 0) continue;
      simd::store(tail_[i], simd::load_partial(at_[i], n));
      at_[i] = tail_[i];
    }
  }
  /// The same for outputs: write to a padded copy, of which `end_tail` stores the first `n`.
  void begin_tail() {
    for (std::size_t i = 0; i < N; ++i) {
      target_[i] = at_[i];
      at_[i] = tail_[i];
    }
  }
  void end_tail(Index n) {
    for (std::size_t i = 0; i < N; ++i) simd::store_partial(target_[i], simd::load(tail_[i]), n);
  }
  void advance() {
    for (std::size_t i = 0; i < N; ++i) at_[i] += step_[i];
  }
  [[nodiscard]] T* at(std::size_t i) const { return at_[i]; }

 private:
  T* at_[N];
  T* target_[N];
  Index step_[N];
  alignas(64) T spread_[N][simd::lanes<T>];
  alignas(64) T tail_[N][simd::lanes<T>];
};

/// Where the operands' gradients go, along a row: assigned or added; summed over the row for an operand with one column;
/// nowhere for an operand that wants none.
template <class T, int N>
class SinkCursor {
 public:
  static constexpr Index lanes = simd::lanes<T>;
  using V = simd::Vec<T>;

  void begin_row(const Sink* sinks, Index row) {
    for (std::size_t i = 0; i < N; ++i) {
      const Stream& stream = sinks[i].stream;
      wanted_[i] = stream.data != nullptr;
      add_[i] = !sinks[i].fresh;
      step_[i] = stream.col_step * lanes;
      target_[i] = static_cast<T*>(stream.data) + (wanted_[i] ? row * stream.row_stride : 0);
      if (stream.col_step == 0) simd::store(sum_[i], V{});
    }
  }
  [[gnu::always_inline]] void put(std::size_t i, V gradient, Index n) {
    if (!wanted_[i]) return;
    if (step_[i] == 0) {
      if (n < lanes) gradient = first(gradient, n);
      simd::store(sum_[i], simd::load(sum_[i]) + gradient);
    } else if (n < lanes) {
      if (add_[i]) gradient += simd::load_partial(target_[i], n);
      simd::store_partial(target_[i], gradient, n);
    } else {
      if (add_[i]) gradient += simd::load(target_[i]);
      simd::store(target_[i], gradient);
      target_[i] += lanes;
    }
  }
  void end_row() {
    for (std::size_t i = 0; i < N; ++i)
      if (wanted_[i] && step_[i] == 0) *target_[i] += simd::horizontal_sum(simd::load(sum_[i]));
  }

 private:
  static V first(V x, Index n) {
    alignas(64) T buffer[simd::lanes<T>];
    simd::store(buffer, x);
    return simd::load_partial(buffer, n);
  }
  T* target_[N];
  Index step_[N];
  bool wanted_[N];
  bool add_[N];
  alignas(64) T sum_[N][simd::lanes<T>];
};

/// The registers of one tile: the value, and in the backward loop the adjoint, of each node.
template <class T, class P>
struct Tile {
  using V = simd::Vec<T>;
  V value[P::usize];
  V adjoint[P::usize];
  const double* constants;

  template <int I, int K>
  [[gnu::always_inline]] V argument() const {
    constexpr int child = P::children[I][K];
    if constexpr (child >= 0) return value[child];
    else return simd::splat<V>(static_cast<T>(constants[P::constant_slots[I][K]]));
  }

  template <int I>
  [[gnu::always_inline]] void compute() {
    using Info = NodeInfo<typename P::template Node<I>>;
    [&]<std::size_t... K>(std::index_sequence<K...>) [[gnu::always_inline]] {
      value[I] = Info::Op::value(argument<I, static_cast<int>(K)>()...);
    }(std::make_index_sequence<Info::arity>{});
  }

  template <int I, int K>
  [[gnu::always_inline]] V slope() const {
    using Info = NodeInfo<typename P::template Node<I>>;
    if constexpr (Info::arity == 1) {
      return Info::Op::slope(argument<I, 0>(), value[I]);
    } else {
      return [&]<std::size_t... J>(std::index_sequence<J...>) [[gnu::always_inline]] {
        return Info::Op::template slope<K>(argument<I, static_cast<int>(J)>()..., value[I]);
      }(std::make_index_sequence<Info::arity>{});
    }
  }

  /// adjoint[I] = what came from outside + Σ over uses of I: the use's adjoint times its slope.
  template <int I>
  [[gnu::always_inline]] void collect_adjoint(const Cursor<T, P::outputs>& seeds) {
    constexpr auto& uses = P::template uses<I>;
    constexpr int output = position(P::output_nodes, I);
    V sum{};
    if constexpr (output >= 0) sum = simd::load(seeds.at(output));
    [&]<std::size_t... U>(std::index_sequence<U...>) [[gnu::always_inline]] {
      ((output < 0 && U == 0 ? void(sum = adjoint[uses[U].node] * slope<uses[U].node, uses[U].child>())
                             : void(sum += adjoint[uses[U].node] * slope<uses[U].node, uses[U].child>())),
       ...);
    }(std::make_index_sequence<uses.size()>{});
    adjoint[I] = sum;
  }
};

template <class T, class P>
void forward_kernel(const FusedCall& call) {
  constexpr Index lanes = simd::lanes<T>;
  Cursor<T, P::operands> in;
  Cursor<T, P::outputs> out;
  Tile<T, P> tile;
  tile.constants = call.constants;
  T* kept = static_cast<T*>(call.kept);
  for (Index row = 0; row < call.rows; ++row) {
    in.begin_row(call.inputs, row);
    out.begin_row(call.outputs, row);
    for (Index col = 0; col < call.cols; col += lanes) {
      const Index n = call.cols - col;
      if (n < lanes) [[unlikely]] {
        in.read_tail(n);
        out.begin_tail();
      }
      [&]<std::size_t... I>(std::index_sequence<I...>) [[gnu::always_inline]] {
        const auto node = [&]<int i>(std::integral_constant<int, i>) [[gnu::always_inline]] {
          using E = typename P::template Node<i>;
          if constexpr (is_map<E>) tile.template compute<i>();
          else tile.value[i] = simd::load(in.at(operand_of(E{})));
          if constexpr (constexpr int slot = P::kept_slots[i]; slot >= 0)
            if (kept != nullptr) simd::store(kept + slot * lanes, tile.value[i]);
        };
        (node(std::integral_constant<int, static_cast<int>(I)>{}), ...);
      }(std::make_index_sequence<P::usize>{});
      [&]<std::size_t... O>(std::index_sequence<O...>) [[gnu::always_inline]] {
        (simd::store(out.at(O), tile.value[P::output_nodes[O]]), ...);
      }(std::make_index_sequence<P::outputs>{});
      if (n < lanes) [[unlikely]] out.end_tail(n);
      in.advance();
      out.advance();
      if (kept != nullptr) kept += P::kept * lanes;
    }
  }
}

template <class T, class P>
void backward_kernel(const FusedCall& call) {
  constexpr Index lanes = simd::lanes<T>;
  Cursor<T, P::operands> in;
  Cursor<T, P::outputs> out;
  Cursor<T, P::outputs> seeds;
  SinkCursor<T, P::operands> sinks;
  Tile<T, P> tile;
  tile.constants = call.constants;
  const T* kept = static_cast<const T*>(call.kept);
  for (Index row = 0; row < call.rows; ++row) {
    in.begin_row(call.inputs, row);
    out.begin_row(call.outputs, row);
    seeds.begin_row(call.seeds, row);
    sinks.begin_row(call.sinks, row);
    for (Index col = 0; col < call.cols; col += lanes) {
      const Index n = call.cols - col;
      if (n < lanes) [[unlikely]] {
        in.read_tail(n);
        out.read_tail(n);
        seeds.read_tail(n);
      }
      [&]<std::size_t... I>(std::index_sequence<I...>) [[gnu::always_inline]] {
        const auto node = [&]<int i>(std::integral_constant<int, i>) [[gnu::always_inline]] {
          using E = typename P::template Node<i>;
          constexpr int output = position(P::output_nodes, i);
          if constexpr (!is_map<E>) tile.value[i] = simd::load(in.at(operand_of(E{})));
          else if constexpr (P::kept_slots[i] >= 0) tile.value[i] = simd::load(kept + P::kept_slots[i] * lanes);
          else if constexpr (NodeInfo<E>::keep && output >= 0) tile.value[i] = simd::load(out.at(output));
          else tile.template compute<i>();
        };
        (node(std::integral_constant<int, static_cast<int>(I)>{}), ...);
        (tile.template collect_adjoint<P::size - 1 - static_cast<int>(I)>(seeds), ...);
        const auto put = [&]<int i>(std::integral_constant<int, i>) [[gnu::always_inline]] {
          using E = typename P::template Node<i>;
          if constexpr (!is_map<E>) sinks.put(operand_of(E{}), tile.adjoint[i], n);
        };
        (put(std::integral_constant<int, static_cast<int>(I)>{}), ...);
      }(std::make_index_sequence<P::usize>{});
      in.advance();
      out.advance();
      seeds.advance();
      kept += P::kept * lanes;
    }
    sinks.end_row();
  }
}

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur::detail
