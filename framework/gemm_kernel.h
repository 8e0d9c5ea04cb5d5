#pragma once

#include <recur/framework/gemm_kernels.h>

/// The inner loops of the matrix products, written once and compiled for several instruction sets. `Isa` is a type of the
/// including file's own, with `bytes`, `vectors` and `rows`: vector width and the largest tile that fits its registers. Every
/// function is a template on it, so that code for different machines never has the same name; for the same reason
/// nothing from the standard library is called here.
namespace recur::detail {

template <class Isa, class T>
struct GemmKernel {
  using Index = std::ptrdiff_t;
  using Table = GemmKernels<T>;
  using Tile = typename Table::Tile;
  static constexpr int lanes = Isa::bytes / static_cast<int>(sizeof(T));

  using Vector [[gnu::vector_size(Isa::bytes)]] = T;
  using Unaligned [[gnu::vector_size(Isa::bytes), gnu::aligned(alignof(T)), gnu::may_alias]] = T;

  static Vector load(const T* from) { return *reinterpret_cast<const Unaligned*>(from); }
  static void store(T* to, Vector value) { *reinterpret_cast<Unaligned*>(to) = value; }

  /// Moves a tile from `sums`, with rows of `sums_stride` numbers, to a place in C that does not end with a whole vector.
  [[gnu::noinline]] static void put_partial(const T* sums, Index sums_stride, Index rows, const Tile& t) {
    for (Index r = 0; r < rows; ++r) {
      const T* const sum = sums + r * sums_stride;
      T* const c = t.c + r * t.c_stride;
      if (t.width < lanes) {
        for (Index j = 0; j < t.width; ++j) c[j] = t.accumulate ? c[j] + sum[j] : sum[j];
        continue;
      }
      // The last vector overlaps the one before, so it is read before and written after that.
      const Index last = t.width - lanes;
      const Vector end = t.accumulate ? load(c + last) + load(sum + last) : load(sum + last);
      for (Index j = 0; j < last; j += lanes) store(c + j, t.accumulate ? load(c + j) + load(sum + j) : load(sum + j));
      store(c + last, end);
    }
  }

  template <int Vectors, int Rows, bool Packed>
  static void tile(const Tile& t) {
    Vector sum[Rows][Vectors];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sum[r][v] = Vector{};
    }
    // C is read when the sums are ready; by then it has come from wherever it was.
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) __builtin_prefetch(t.c + r * t.c_stride + v * lanes, 1);
    }
    const T* a = t.a;
    const T* b = t.b;
    const Index a_row = Packed ? 1 : t.a_stride;
    constexpr Index a_step = Packed ? Rows : 1;
    const Index b_stride = t.b_stride;
    for (Index k = t.depth; k > 0; --k) {
      Vector right[Vectors];
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) right[v] = load(b + v * lanes);
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r) {
        const T left = a[r * a_row];
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) sum[r][v] += left * right[v];
      }
      a += a_step;
      b += b_stride;
    }
    put<Vectors, Rows>(sum, t);
  }

  template <int Vectors, int Rows>
  [[gnu::always_inline]] static inline void put(const Vector (&sum)[Rows][Vectors], const Tile& t) {
    T* const c = t.c;
    const Index stride = t.c_stride;
    if (t.width != Vectors * lanes) [[unlikely]] {
      alignas(Isa::bytes) T copy[Rows * Vectors * lanes];
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) store(copy + (r * Vectors + v) * lanes, sum[r][v]);
      }
      put_partial(copy, Vectors * lanes, Rows, t);
    } else if (t.accumulate) {
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v)
          store(c + r * stride + v * lanes, sum[r][v] + load(c + r * stride + v * lanes));
      }
    } else {
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) store(c + r * stride + v * lanes, sum[r][v]);
      }
    }
  }

  static void copy_panel(const T* from, Index from_stride, Index rows, Index width, T* to, Index to_stride) {
    const Index whole = width / lanes * lanes;
    for (Index k = 0; k < rows; ++k) {
      const T* const source = from + k * from_stride;
      T* const target = to + k * to_stride;
      Index j = 0;
      for (; j < whole; j += lanes) store(target + j, load(source + j));
      for (; j < width; ++j) target[j] = source[j];
      for (; j < to_stride; ++j) target[j] = 0;
    }
  }

  template <int Width>
  static void pack_block(const T* from, Index from_stride, Index rows, T* to) {
    for (Index r = 0; r < rows; ++r) {
      __builtin_memcpy(to, from, Width * sizeof(T));
      from += from_stride;
      to += Width;
    }
  }

  template <int Width>
  static void pack_any_block(Index width, const T* from, Index from_stride, Index rows, T* to) {
    if constexpr (Width > 1) {
      if (width < Width) return pack_any_block<Width - 1>(width, from, from_stride, rows, to);
    }
    pack_block<Width>(from, from_stride, rows, to);
  }

  static void pack_left(const T* from, Index from_stride, Index rows, Index width, Index at, T* to, Index block_stride) {
    const Index blocks = (width + Isa::rows - 1) / Isa::rows;
    const Index narrow = width / blocks;
    const Index wider = width % blocks;
    for (Index i = 0; i < blocks; ++i) {
      const Index size = i < wider ? narrow + 1 : narrow;
      pack_any_block<Isa::rows>(size, from, from_stride, rows, to + i * block_stride + at * size);
      from += size;
    }
  }

  static void transpose_panel(const T* from, Index from_stride, Index rows, Index width, T* to, Index to_stride) {
    for (Index k = 0; k < rows; ++k) {
      T* const target = to + k * to_stride;
      for (Index j = 0; j < width; ++j) target[j] = from[j * from_stride + k];
      for (Index j = width; j < to_stride; ++j) target[j] = 0;
    }
  }

  template <int Vectors, int Rows>
  static constexpr void fill(Table& table) {
    if constexpr (Rows <= Isa::rows) {
      table.tile[Vectors - 1][Rows - 1] = &tile<Vectors, Rows, false>;
      table.packed_tile[Vectors - 1][Rows - 1] = &tile<Vectors, Rows, true>;
      fill<Vectors, Rows + 1>(table);
    } else if constexpr (Vectors < Isa::vectors) {
      fill<Vectors + 1, 1>(table);
    }
  }

  static constexpr Table table() {
    Table result{};
    result.lanes = lanes;
    result.max_vectors = Isa::vectors;
    result.max_rows = Isa::rows;
    result.copy_panel = &copy_panel;
    result.pack_left = &pack_left;
    result.transpose_panel = &transpose_panel;
    fill<1, 1>(result);
    return result;
  }
};

template <class Isa, class T>
inline constexpr GemmKernels<T> gemm_kernel_table = GemmKernel<Isa, T>::table();

}  // namespace recur::detail
