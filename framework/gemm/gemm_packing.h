#pragma once

#include <recur/framework/gemm/gemm_kernels.h>

// This header and gemm_kernel.h are written once and compiled for several instruction sets. `Isa` is a type of the
// including file's own, with `bytes`, `vectors`, `rows(vectors)` and `packed_rows`: vector width and the largest tiles
// that fit its registers; `steps` of a product that it takes at a time, `pin` (gemm_avx2.cpp), how it `streams`, and
// how many `bytes_ahead` it asks for the matrix of a product with one row, if it is far away. Every function is a
// template on it, so that code for different machines never has the same name; for the same reason nothing from the
// standard library is called here.
namespace recur::detail {

/// Vectors as wide as the registers, on the extensions of GCC and clang.
template <class Isa, class T>
struct GemmRegisters {
  static constexpr int lanes = Isa::bytes / static_cast<int>(sizeof(T));

  using Vector [[gnu::vector_size(Isa::bytes)]] = T;
  using Unaligned [[gnu::vector_size(Isa::bytes), gnu::aligned(alignof(T)), gnu::may_alias]] = T;

  static Vector load(const T* from) { return *reinterpret_cast<const Unaligned*>(from); }
  static void store(T* to, Vector value) { *reinterpret_cast<Unaligned*>(to) = value; }

  /// Stores a vector, past the caches if `streaming`: `to` must then be aligned, and a `fence` must follow before other
  /// threads read.
  template <bool streaming>
  static void put(T* to, Vector value) {
    if constexpr (streaming && Isa::streams) Isa::stream(to, reinterpret_cast<typename Isa::Bits>(value));
    else store(to, value);
  }
  template <bool streaming>
  static void fence() {
    if constexpr (streaming && Isa::streams) Isa::fence();
  }
};

/// Copies operands into the order in which the inner loops read them.
template <class Isa, class T>
struct GemmPacking {
  using Index = std::ptrdiff_t;
  using Registers = GemmRegisters<Isa, T>;
  using Vector = typename Registers::Vector;
  static constexpr int lanes = Registers::lanes;

  template <bool streaming>
  static void copy_panel(const T* from, Index from_stride, Index rows, Index width, T* to, Index to_stride) {
    const Index whole = width / lanes * lanes;
    constexpr Index ahead = 16;
    for (Index k = 0; k < rows; ++k) {
      const T* const source = from + k * from_stride;
      T* const target = to + k * to_stride;
      for (Index j = 0; j < width; j += 64 / static_cast<Index>(sizeof(T)))
        __builtin_prefetch(source + ahead * from_stride + j);
      Index j = 0;
      for (; j < whole; j += lanes) Registers::template put<streaming>(target + j, Registers::load(source + j));
      for (; j < width; ++j) target[j] = source[j];
      for (; j < to_stride; ++j) target[j] = 0;
    }
    Registers::template fence<streaming>();
  }

  template <int Width>
  static void pack_block(const T* const* rows, Index count, Index offset, T* to) {
    for (Index r = 0; r < count; ++r) {
      __builtin_memcpy(to, rows[r] + offset, Width * sizeof(T));
      to += Width;
    }
  }

  template <int Width>
  static void pack_any_block(Index width, const T* const* rows, Index count, Index offset, T* to) {
    if constexpr (Width > 1) {
      if (width < Width) return pack_any_block<Width - 1>(width, rows, count, offset, to);
    }
    pack_block<Width>(rows, count, offset, to);
  }

  static void pack_left(const T* const* rows, Index count, Index offset, Index width, T* to, Index block_stride) {
    const Index blocks = (width + Isa::packed_rows - 1) / Isa::packed_rows;
    const Index narrow = width / blocks;
    const Index wider = width % blocks;
    // A few rows at a time, so that their cache lines are still there when the next block needs the rest of them.
    constexpr Index group = 8;
    for (Index first = 0; first < count; first += group) {
      for (Index r = first + group; r < first + 2 * group && r < count; ++r)
        for (Index j = 0; j < width; j += 64 / static_cast<Index>(sizeof(T))) __builtin_prefetch(rows[r] + offset + j);
      const Index some = count - first < group ? count - first : group;
      Index begin = offset;
      for (Index i = 0; i < blocks; ++i) {
        const Index size = i < wider ? narrow + 1 : narrow;
        pack_any_block<Isa::packed_rows>(size, rows + first, some, begin, to + i * block_stride + first * size);
        begin += size;
      }
    }
  }

  template <int... I>
  struct Indices {};

  /// One step of a transpose: in all 2·size x 2·size blocks the upper right quarter changes places with the lower left
  /// one.
  template <int size, int... I>
  [[gnu::always_inline]] static inline void swap_quarters(Vector& upper, Vector& lower, Indices<I...>) {
    const Vector left = __builtin_shufflevector(upper, lower, ((I & size) == 0 ? I : lanes + I - size)...);
    lower = __builtin_shufflevector(upper, lower, ((I & size) == 0 ? I + size : lanes + I)...);
    upper = left;
  }

  template <int size, int... I>
  [[gnu::always_inline]] static inline void transpose(Vector (&rows)[lanes], Indices<I...> indices) {
    if constexpr (size < lanes) {
#pragma GCC unroll 16
      for (int r = 0; r < lanes; ++r)
        if ((r & size) == 0) swap_quarters<size>(rows[r], rows[r + size], indices);
      transpose<2 * size>(rows, indices);
    }
  }

  template <int count, int... I>
  static constexpr auto indices() {
    if constexpr (count == 0) return Indices<I...>{};
    else return indices<count - 1, count - 1, I...>();
  }

  template <bool streaming>
  static void transpose_panel(const T* from, Index from_stride, Index rows, Index width, T* to, Index to_stride) {
    const Index whole_rows = rows / lanes * lanes;
    const Index whole_width = width / lanes * lanes;
    for (Index j = 0; j < whole_width; j += lanes) {
      for (Index k = 0; k < whole_rows; k += lanes) {
        // The rows lie too far apart for the hardware to foresee which lines come next.
        constexpr Index ahead = 4 * lanes;
#pragma GCC unroll 16
        for (int r = 0; r < lanes; ++r) __builtin_prefetch(from + (j + r) * from_stride + k + ahead);
        Vector block[lanes];
#pragma GCC unroll 16
        for (int r = 0; r < lanes; ++r) block[r] = Registers::load(from + (j + r) * from_stride + k);
        transpose<1>(block, indices<lanes>());
#pragma GCC unroll 16
        for (int r = 0; r < lanes; ++r) Registers::template put<streaming>(to + (k + r) * to_stride + j, block[r]);
      }
    }
    for (Index k = 0; k < rows; ++k) {
      T* const target = to + k * to_stride;
      for (Index j = k < whole_rows ? whole_width : 0; j < width; ++j) target[j] = from[j * from_stride + k];
      for (Index j = width; j < to_stride; ++j) target[j] = 0;
    }
    Registers::template fence<streaming>();
  }
};

}  // namespace recur::detail
