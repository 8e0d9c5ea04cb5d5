#pragma once

#include <recur/framework/gemm/gemm_packing.h>

namespace recur::detail {

/// The inner loops of the matrix products: tiles of C whose sums stay in registers.
template <class Isa, class T>
struct GemmKernel {
  using Index = std::ptrdiff_t;
  using Table = GemmKernels<T>;
  using Tile = typename Table::Tile;
  using Registers = GemmRegisters<Isa, T>;
  using Vector = typename Registers::Vector;
  static constexpr int lanes = Registers::lanes;

  // Two multiply-adds start in a cycle and each takes four.
  static constexpr int sums_in_flight = 8;
  static constexpr int cache_line = 64;

  static Vector load(const T* from) { return Registers::load(from); }
  static void store(T* to, Vector value) { Registers::store(to, value); }

  /// Moves a tile from `sums`, with rows of `sums_stride` numbers, to a place in C that does not end with a whole
  /// vector.
  [[gnu::noinline]] static void put_partial(const T* sums, Index sums_stride, Index rows, const Tile& t) {
    for (Index r = 0; r < rows; ++r) {
      const T* const sum = sums + r * sums_stride;
      const T* const start = t.start == nullptr ? nullptr : t.start + r * t.start_stride;
      T* const c = t.c + r * t.c_stride;
      if (t.width < lanes) {
        for (Index j = 0; j < t.width; ++j) c[j] = start == nullptr ? sum[j] : start[j] + sum[j];
        continue;
      }
      const auto value = [&](Index j) { return start == nullptr ? load(sum + j) : load(start + j) + load(sum + j); };
      // The last vector overlaps the one before, so it is read before and written after that.
      const Index last = t.width - lanes;
      const Vector end = value(last);
      for (Index j = 0; j < last; j += lanes) store(c + j, value(j));
      store(c + last, end);
    }
  }

  enum class Mode { plain, streaming, packed, copying };

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
      for (int v = 0; v < Vectors; ++v) {
        sum[r][v] += left * right[v];
        Isa::pin(sum[r][v]);
      }
    }
  }

  template <int Vectors>
  [[gnu::always_inline]] static inline void load_row(Vector (&row)[Vectors], const T* from) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) {
      row[v] = load(from + v * lanes);
      Isa::pin(row[v]);
    }
  }

  /// Asks for so many numbers, once for each cache line: asking costs as much as loading.
  template <int count, int write = 0, int locality = 3>
  [[gnu::always_inline]] static inline void prefetch_lines(const T* from) {
    constexpr int line = cache_line / static_cast<int>(sizeof(T));
#pragma GCC unroll 32
    for (int j = 0; j < count; j += line) __builtin_prefetch(from + j, write, locality);
  }

  /// Stores a row of B, and prefetches the one at `ahead`: rows lie too far apart for the hardware to foresee.
  template <int Vectors>
  [[gnu::always_inline]] static inline void copy_row(const Vector (&row)[Vectors], T* to, const T* ahead) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) store(to + v * lanes, row[v]);
    prefetch_lines<Vectors * lanes>(ahead);
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

  /// Where a tile is in its operands, and how they lie. Copied from the `Tile`, which what is stored might change for
  /// all the compiler knows.
  struct Cursor {
    const T* a;
    Index a_row;
    const T* b;
    Index b_stride;
    T* b_copy;
    const T* const* rows;
    Index offset;
    const T* ahead;
    Index ahead_step;
  };

  static constexpr bool a_in_place(Mode mode) { return mode == Mode::plain || mode == Mode::streaming; }

  template <int Vectors, int Rows, Mode mode>
  [[gnu::always_inline]] static inline void advance(Sums<Vectors, Rows>& sum, Cursor& at) {
    Vector right[Vectors];
    if constexpr (mode == Mode::copying) {
      load_row(right, *at.rows + at.offset);
      copy_row(right, at.b_copy, at.rows[Table::rows_ahead] + at.offset);
      at.b_copy += Vectors * lanes;
      ++at.rows;
    } else {
      load_row(right, at.b);
      at.b += at.b_stride;
    }
    step<Vectors, Rows>(sum, at.a, at.a_row, right);
    at.a += a_in_place(mode) ? 1 : Rows;
  }

  /// What the next steps will need. A panel of B is larger than the first-level cache, and the hardware fetches it from
  /// the second too late.
  template <int Vectors, int Rows, Mode mode>
  [[gnu::always_inline]] static inline void prefetch_steps(Cursor& at) {
    constexpr int b_steps_ahead = 8;
    constexpr int a_steps_ahead = 32;
    if constexpr (mode != Mode::copying)
      prefetch_lines<Isa::steps * Vectors * lanes>(at.b + b_steps_ahead * Vectors * lanes);
    if constexpr (mode == Mode::streaming) {
      __builtin_prefetch(at.ahead, 0, 2);
      __builtin_prefetch(at.ahead + at.ahead_step, 0, 2);
      at.ahead += 2 * at.ahead_step;
    }
    if constexpr (!a_in_place(mode)) prefetch_lines<Isa::steps * Rows>(at.a + a_steps_ahead * Rows);
  }

  template <int Vectors, int Rows, Mode mode>
  static void tile(const Tile& t) {
    Sums<Vectors, Rows> sum;
    clear<Vectors, Rows>(sum);
    Cursor at{t.a,         a_in_place(mode) ? t.a_stride : 1, t.b, t.b_stride, t.b_copy, t.rows, t.offset, t.ahead,
              t.ahead_step};
    const T* const* fetched = t.rows;
    const T* c = t.c_ahead;
    const Index c_stride = t.c_stride;
    const Index fetches = t.fetches;
    Index left = t.depth;
    // A weight gradient over few rows, though, is small itself and not worth the breaks.
    const Index part_steps = !a_in_place(mode) && t.depth < 128 ? 0 : t.depth / (Rows * Isa::steps) * Isa::steps;
    for (int part = 0; part < Rows; ++part) {
      // What comes from far away is asked for a little at a time: requests for what is near would have to queue behind
      // them.
      prefetch_lines<Vectors * lanes, 1>(c);
      c += c_stride;
      if constexpr (mode == Mode::packed) {
        for (Index i = fetches; i > 0; --i) prefetch_lines<Vectors * lanes, 0, 2>(*fetched++ + at.offset);
      }
      const Index steps = part == Rows - 1 ? left : part_steps;
      left -= steps;
      for (Index k = steps / Isa::steps; k > 0; --k) {
        prefetch_steps<Vectors, Rows, mode>(at);
#pragma GCC unroll 8
        for (int i = 0; i < Isa::steps; ++i) advance<Vectors, Rows, mode>(sum, at);
      }
      for (Index k = steps % Isa::steps; k > 0; --k) advance<Vectors, Rows, mode>(sum, at);
    }
    put<Vectors, Rows>(sum, t);
  }

  /// A tile so small that its sums, each waiting for the one before, would not keep the arithmetic units busy: several
  /// steps are summed side by side. For matrix times vector it is this that reads B at the speed of the cache. A B from
  /// beyond the second-level cache is asked for `bytes_ahead`, if that is not 0.
  template <int Vectors, int Rows, int bytes_ahead>
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
      if constexpr (bytes_ahead > 0)
        prefetch_lines<chains * Vectors * lanes>(b + bytes_ahead / static_cast<int>(sizeof(T)));
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
    } else if (t.start != nullptr) {
      const T* const start = t.start;
      const Index start_stride = t.start_stride;
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v)
          store(c + r * stride + v * lanes, sum[r][v] + load(start + r * start_stride + v * lanes));
      }
    } else {
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) store(c + r * stride + v * lanes, sum[r][v]);
      }
    }
  }

  template <int Vectors, int Rows>
  static constexpr void fill(Table& table) {
    if constexpr (Rows <= Isa::rows(Vectors)) {
      // One row only: the rows of a product are summed in the same order, however threads share them.
      if constexpr (Rows == 1) {
        table.tile[Vectors - 1][0] = &small_tile<Vectors, 1, 0>;
        table.streaming_tile[Vectors - 1][0] = &small_tile<Vectors, 1, Isa::bytes_ahead>;
      } else {
        table.tile[Vectors - 1][Rows - 1] = &tile<Vectors, Rows, Mode::plain>;
        table.streaming_tile[Vectors - 1][Rows - 1] = &tile<Vectors, Rows, Mode::streaming>;
      }
      if constexpr (Rows <= Isa::packed_rows) {
        table.packed_tile[Vectors - 1][Rows - 1] = &tile<Vectors, Rows, Mode::packed>;
        table.copying_tile[Vectors - 1][Rows - 1] = &tile<Vectors, Rows, Mode::copying>;
      }
      fill<Vectors, Rows + 1>(table);
    } else {
      table.rows[Vectors - 1] = Isa::rows(Vectors);
      if constexpr (Vectors < Isa::vectors) fill<Vectors + 1, 1>(table);
    }
  }

  static constexpr Table table() {
    Table result{};
    result.lanes = lanes;
    result.max_vectors = Isa::vectors;
    result.packed_rows = Isa::packed_rows;
    result.steps = Isa::steps;
    result.copy_panel = &GemmPacking<Isa, T>::template copy_panel<false>;
    result.stream_panel = &GemmPacking<Isa, T>::template copy_panel<true>;
    result.pack_left = &GemmPacking<Isa, T>::pack_left;
    result.transpose_panel = &GemmPacking<Isa, T>::template transpose_panel<false>;
    result.stream_transposed_panel = &GemmPacking<Isa, T>::template transpose_panel<true>;
    fill<1, 1>(result);
    return result;
  }
};

template <class Isa, class T>
inline constexpr GemmKernels<T> gemm_kernel_table = GemmKernel<Isa, T>::table();

}  // namespace recur::detail
