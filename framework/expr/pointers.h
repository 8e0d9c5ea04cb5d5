#pragma once

#include <recur/framework/expr/fused_call.h>
#include <recur/framework/simd/simd.h>

#include <array>
#include <cstddef>
#include <utility>

// Where a fused loop is in its operands, its results and their gradients.

namespace recur::detail {
inline namespace RECUR_SIMD_WIDTH {

/// Padded copies of N operands' last columns, fewer than a register.
template <class T, int N>
struct TailBuffers {
  alignas(64) T data[N][simd::lanes<T>];
};

/// Pointers into N operands along a row, a register at a time: `at(i, col)`. In a `Dense` loop every operand has all
/// columns; otherwise an operand with a single column is spread over a register at the start of its row. Buffers are
/// kept apart from the pointers, because the compiler would reload the pointers after every store otherwise.
template <class T, int N, bool Dense>
class Pointers {
 public:
  [[gnu::always_inline]] void begin_row(const Stream* streams, Index row, TailBuffers<T, N>& spread) {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < count; ++i) {
      at_[i] = static_cast<T*>(streams[i].data) + row * streams[i].row_stride;
      if constexpr (!Dense) {
        mask_[i] = -streams[i].col_step;
        if (streams[i].col_step == 0) {
          simd::store(spread.data[i], simd::splat<simd::Vec<T>>(*at_[i]));
          at_[i] = spread.data[i];
        }
      }
    }
  }
  /// Makes the pointers point to copies of the next `n` columns, padded with zeros.
  void read_tail(Index col, Index n, TailBuffers<T, N>& tail) {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < count; ++i) {
      if (!Dense && mask_[i] == 0) continue;
      simd::store(tail.data[i], simd::load_partial(at_[i] + col, n));
      target_[i] = at_[i];
      at_[i] = tail.data[i];
    }
  }
  /// After `read_tail`: copies what was stored in the copy of operand i back to its memory.
  void put_back(std::size_t i, Index col, Index n, const TailBuffers<T, N>& tail) const {
    simd::store_partial(target_[i] + col, simd::load(tail.data[i]), n);
  }
  /// Makes the pointers point to `tail`; `end_tail` then copies its first `n` columns to their memory. (Outputs have
  /// all columns.)
  void begin_tail(TailBuffers<T, N>& tail) {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < count; ++i) {
      target_[i] = at_[i];
      at_[i] = tail.data[i];
    }
  }
  void end_tail(Index col, Index n, const TailBuffers<T, N>& tail) {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < count; ++i) simd::store_partial(target_[i] + col, simd::load(tail.data[i]), n);
  }
  [[nodiscard, gnu::always_inline]] T* at(std::size_t i, Index col) const {
    if constexpr (Dense) return at_[i] + col;
    else return at_[i] + (col & mask_[i]);
  }

 private:
  static constexpr auto count = static_cast<std::size_t>(N);

  T* at_[N] = {};
  T* target_[N] = {};
  Index mask_[N] = {};
};

/// Where the gradients of operands go along a row: assigned or added; summed over the row for an operand with one
/// column; nowhere for an operand that wants none.
template <class T, int N, bool Dense>
class SinkPointers {
 public:
  static constexpr Index lanes = simd::lanes<T>;
  using V = simd::Vec<T>;
  using Sums = TailBuffers<T, N>;

  [[gnu::always_inline]] void begin_row(const Sink* sinks, Index row, TailBuffers<T, N>& sums) {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < count; ++i) {
      const Stream& stream = sinks[i].stream;
      at_[i] = stream.data == nullptr ? nullptr : static_cast<T*>(stream.data) + row * stream.row_stride;
      add_[i] = !sinks[i].fresh;
      if constexpr (!Dense) {
        column_[i] = stream.col_step == 0;
        if (column_[i]) simd::store(sums.data[i], V{});
      }
    }
  }
  /// Returns true if the gradients of all operands that are `used` are wanted and assigned.
  [[nodiscard]] static bool assigned(const Sink* sinks, const std::array<bool, static_cast<std::size_t>(N)>& used) {
    bool all = true;
    for (std::size_t i = 0; i < count; ++i) all &= !used[i] || (sinks[i].stream.data != nullptr && sinks[i].fresh);
    return all;
  }
  /// `put` where they are.
  template <std::size_t i>
  [[gnu::always_inline]] void assign(V gradient, Index col) {
    simd::store(at_[i] + col, gradient);
  }
  template <std::size_t i>
  [[gnu::always_inline]] void put(V gradient, Index col, Index n, TailBuffers<T, N>& sums) {
    if (at_[i] == nullptr) return;
    if constexpr (!Dense) {
      if (column_[i]) {
        simd::store(sums.data[i], simd::load(sums.data[i]) + (n < lanes ? first(gradient, n) : gradient));
        return;
      }
    }
    if (n < lanes) [[unlikely]] {
      if (add_[i]) gradient += simd::load_partial(at_[i] + col, n);
      simd::store_partial(at_[i] + col, gradient, n);
    } else {
      if (add_[i]) gradient += simd::load(at_[i] + col);
      simd::store(at_[i] + col, gradient);
    }
  }
  void end_row(const TailBuffers<T, N>& sums) {
    if constexpr (!Dense) {
#pragma GCC unroll 16
      for (std::size_t i = 0; i < count; ++i)
        if (at_[i] != nullptr && column_[i]) *at_[i] += simd::horizontal_sum(simd::load(sums.data[i]));
    }
  }

 private:
  [[gnu::always_inline]] static V first(V x, Index n) {
    alignas(64) T buffer[simd::lanes<T>];
    simd::store(buffer, x);
    return simd::load_partial(buffer, n);
  }
  static constexpr auto count = static_cast<std::size_t>(N);

  T* at_[N];
  bool add_[N];
  bool column_[N];
};

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur::detail
