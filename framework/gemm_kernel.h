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

  // Rows of B this far ahead are fetched while B is packed: they lie too far apart for the hardware to foresee.
  static constexpr Index prefetch_rows = 16;

  // Two multiply-adds start in a cycle and each takes four.
  static constexpr int sums_in_flight = 8;

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

  enum class Mode { plain, packed, copying };

  template <int Vectors, int Rows>
  using Sums = Vector[Rows][Vectors];

  template <int Vectors, int Rows>
  [[gnu::always_inline]] static inline void clear(Sums<Vectors, Rows>& sum) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sum[r][v] = Vector{};
    }
  }

  /// One step of the product: a column of A, whose numbers are `a_row` apart, times a row of B.
  template <int Vectors, int Rows>
  [[gnu::always_inline]] static inline void step(Sums<Vectors, Rows>& sum, const T* a, Index a_row,
                                                 const Vector (&right)[Vectors]) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const T left = a[r * a_row];
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sum[r][v] += left * right[v];
    }
  }

  template <int Vectors>
  [[gnu::always_inline]] static inline void load_row(Vector (&row)[Vectors], const T* from) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) row[v] = load(from + v * lanes);
  }

  /// C is read when the sums are ready; by then it has come from wherever it was.
  template <int Vectors, int Rows>
  [[gnu::always_inline]] static inline void prefetch(const Tile& t) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) __builtin_prefetch(t.c + r * t.c_stride + v * lanes, 1);
    }
  }

  template <int Vectors, int Rows, Mode mode>
  static void tile(const Tile& t) {
    prefetch<Vectors, Rows>(t);
    Sums<Vectors, Rows> sum;
    clear<Vectors, Rows>(sum);
    const T* a = t.a;
    const T* b = t.b;
    const Index a_row = mode == Mode::plain ? t.a_stride : 1;
    constexpr Index a_step = mode == Mode::plain ? 1 : Rows;
    T* b_copy = t.b_copy;
    const Index b_stride = t.b_stride;
    for (Index k = t.depth; k > 0; --k) {
      Vector right[Vectors];
      load_row(right, b);
      if constexpr (mode == Mode::copying) {
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) {
          __builtin_prefetch(b + prefetch_rows * b_stride + v * lanes);
          store(b_copy + v * lanes, right[v]);
        }
        b_copy += Vectors * lanes;
      }
      step<Vectors, Rows>(sum, a, a_row, right);
      a += a_step;
      b += b_stride;
    }
    put<Vectors, Rows>(sum, t);
  }

  /// A tile so small that its sums, each waiting for the one before, would not keep the arithmetic units busy: several steps
  /// are summed side by side. For matrix times vector it is this that reads B at the speed of the cache.
  template <int Vectors, int Rows>
  static void small_tile(const Tile& t) {
    constexpr int chains = (sums_in_flight + Vectors * Rows - 1) / (Vectors * Rows);
    prefetch<Vectors, Rows>(t);
    Sums<Vectors, Rows> sum[chains];
#pragma GCC unroll 8
    for (int i = 0; i < chains; ++i) clear<Vectors, Rows>(sum[i]);
    const T* a = t.a;
    const T* b = t.b;
    const Index a_row = t.a_stride;
    const Index b_stride = t.b_stride;
    Vector right[Vectors];
    Index k = t.depth;
    for (; k >= chains; k -= chains) {
#pragma GCC unroll 8
      for (int i = 0; i < chains; ++i) {
        load_row(right, b + i * b_stride);
        step<Vectors, Rows>(sum[i], a + i, a_row, right);
      }
      a += chains;
      b += chains * b_stride;
    }
    for (; k > 0; --k) {
      load_row(right, b);
      step<Vectors, Rows>(sum[0], a++, a_row, right);
      b += b_stride;
    }
#pragma GCC unroll 8
    for (int i = 1; i < chains; ++i) {
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) sum[0][r][v] += sum[i][r][v];
      }
    }
    put<Vectors, Rows>(sum[0], t);
  }

  template <int Vectors, int Rows>
  [[gnu::always_inline]] static inline void put(const Sums<Vectors, Rows>& sum, const Tile& t) {
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
    // A few rows at a time, so that their cache lines are still there when the next block needs the rest of them.
    constexpr Index group = 8;
    for (Index r = 0; r < rows; r += group) {
      const Index count = rows - r < group ? rows - r : group;
      const T* source = from + r * from_stride;
      for (Index i = 0; i < blocks; ++i) {
        const Index size = i < wider ? narrow + 1 : narrow;
        pack_any_block<Isa::rows>(size, source, from_stride, count, to + i * block_stride + (at + r) * size);
        source += size;
      }
    }
  }

  template <int... I>
  struct Indices {};

  /// One step of a transpose: in all 2·size x 2·size blocks the upper right quarter changes places with the lower left one.
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
    if constexpr (count == 0)
      return Indices<I...>{};
    else
      return indices<count - 1, count - 1, I...>();
  }

  static void transpose_panel(const T* from, Index from_stride, Index rows, Index width, T* to, Index to_stride) {
    const Index whole_rows = rows / lanes * lanes;
    const Index whole_width = width / lanes * lanes;
    for (Index j = 0; j < whole_width; j += lanes) {
      for (Index k = 0; k < whole_rows; k += lanes) {
        Vector block[lanes];
#pragma GCC unroll 16
        for (int r = 0; r < lanes; ++r) block[r] = load(from + (j + r) * from_stride + k);
        transpose<1>(block, indices<lanes>());
#pragma GCC unroll 16
        for (int r = 0; r < lanes; ++r) store(to + (k + r) * to_stride + j, block[r]);
      }
    }
    for (Index k = 0; k < rows; ++k) {
      T* const target = to + k * to_stride;
      for (Index j = k < whole_rows ? whole_width : 0; j < width; ++j) target[j] = from[j * from_stride + k];
      for (Index j = width; j < to_stride; ++j) target[j] = 0;
    }
  }

  template <int Vectors, int Rows>
  static constexpr void fill(Table& table) {
    if constexpr (Rows <= Isa::rows) {
      if constexpr (Vectors * Rows < sums_in_flight)
        table.tile[Vectors - 1][Rows - 1] = &small_tile<Vectors, Rows>;
      else
        table.tile[Vectors - 1][Rows - 1] = &tile<Vectors, Rows, Mode::plain>;
      table.packed_tile[Vectors - 1][Rows - 1] = &tile<Vectors, Rows, Mode::packed>;
      table.copying_tile[Vectors - 1][Rows - 1] = &tile<Vectors, Rows, Mode::copying>;
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
