#pragma once

#include <recur/framework/simd/simd_math.h>
#include <recur/layers/inference/kernels.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

// The loops of InferenceKernels, written once and compiled for several instruction sets. `Isa` is a type of the
// including file's own, so that code for different machines never has the same name; for the same reason nothing from
// the standard library is called here.

namespace recur::detail {
inline namespace RECUR_SIMD_WIDTH {

template <class Isa, class W>
struct InferenceKernel {
  using V = simd::Vec<float>;
  using Index = std::ptrdiff_t;
  static constexpr Index lanes = simd::lanes<float>;

  /// The sums of a tile of rows and panels, `Registers` registers for each row and panel.
  template <int Rows, int Panels, int Registers>
  struct Tile {
    V sum[Rows][Panels][Registers];
  };

  [[gnu::always_inline]] static V load_weights(const float* w) { return simd::load(w); }
  [[gnu::always_inline]] static V load_weights(const signed char* w) {
#if defined(__AVX512F__)
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w))));
#elif defined(__AVX2__)
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(w))));
#else
    V wide;
    for (Index i = 0; i < lanes; ++i) wide[i] = w[i];
    return wide;
#endif
  }

  template <int Rows, int Panels, int Registers>
  [[gnu::always_inline]] static void clear(Tile<Rows, Panels, Registers>& tile) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
      for (int p = 0; p < Panels; ++p) {
#pragma GCC unroll 8
        for (int g = 0; g < Registers; ++g) tile.sum[r][p][g] = V{};
      }
    }
  }

  /// Maps each register of a panel of weights to the register of the tile that it is added to.
  template <int... Slot>
  struct Slots {
    static constexpr int count = sizeof...(Slot);
    static constexpr int at[sizeof...(Slot)] = {Slot...};
  };

  /// Adds to the tile the products of one number of each row with the weights of that number.
  template <class S, int Rows, int Panels, int Registers>
  [[gnu::always_inline]] static void step(Tile<Rows, Panels, Registers>& tile, const float* a, Index stride, const W* w,
                                          Index panel) {
    V left[Rows];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) left[r] = simd::splat<V>(a[r * stride]);
#pragma GCC unroll 8
    for (int p = 0; p < Panels; ++p) {
#pragma GCC unroll 8
      for (int g = 0; g < S::count; ++g) {
        const V right = load_weights(w + p * panel + g * lanes);
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
          V& sum = tile.sum[r][p][S::at[g]];
          sum = simd::opaque(simd::multiply_add(left[r], right, sum));
        }
      }
    }
  }

  /// Adds a term to a tile that begins at row `row` and panel `first`. With one row and one panel it processes two
  /// numbers at once, because one number gives too few independent sums to keep the multipliers busy.
  template <class S, int Rows, int Panels, int Registers>
  [[gnu::always_inline]] static void add(Tile<Rows, Panels, Registers>& tile, const PackedTerm& term, Index row,
                                         Index first) {
    constexpr Index step_size = S::count * lanes;
    const Index panel = term.count * step_size;
    const float* a = term.a + row * term.stride;
    const W* w = static_cast<const W*>(term.weights) + first * panel;
    const float* const end = a + term.count;
    if constexpr (Rows * Panels == 1) {
      if (term.count == 1) return step<S>(tile, a, 0, w, 0);  // one feature, as of audio
      constexpr int ways = Registers == 1 ? 4 : 2;
      Tile<1, 1, Registers> more[ways - 1];
#pragma GCC unroll 8
      for (int i = 0; i + 1 < ways; ++i) clear(more[i]);
      for (; a + ways <= end; a += ways, w += ways * step_size) {
        step<S>(tile, a, 0, w, 0);
#pragma GCC unroll 8
        for (int i = 1; i < ways; ++i) step<S>(more[i - 1], a + i, 0, w + i * step_size, 0);
      }
      for (; a < end; ++a, w += step_size) step<S>(tile, a, 0, w, 0);
#pragma GCC unroll 8
      for (int i = 0; i + 1 < ways; ++i) {
#pragma GCC unroll 8
        for (int g = 0; g < Registers; ++g) tile.sum[0][0][g] += more[i].sum[0][0][g];
      }
    } else {
      for (; a < end; ++a, w += step_size) step<S>(tile, a, term.stride, w, panel);
    }
  }

  /// Sets the sums to their first values: the bias, or stored sums.
  template <int Rows, int Panels, int Registers>
  [[gnu::always_inline]] static void begin(Tile<Rows, Panels, Registers>& tile, const PanelCall& call, Index row,
                                           Index first) {
    const float* const from = call.before == nullptr ? call.bias : call.before + row * call.before_stride;
    const Index stride = call.before == nullptr ? 0 : call.before_stride;
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
      for (int p = 0; p < Panels; ++p) {
#pragma GCC unroll 8
        for (int g = 0; g < Registers; ++g)
          tile.sum[r][p][g] = simd::load(from + r * stride + ((first + p) * Registers + g) * lanes);
      }
    }
  }

  /// Computes the sums of all terms. Products with int8 weights are scaled before the bias is added.
  template <class S, class Last, int Rows, int Panels, int Registers>
  [[gnu::always_inline]] static void sums(Tile<Rows, Panels, Registers>& tile, const PanelCall& call, Index row,
                                          Index first) {
    if constexpr (sizeof(W) == 1) clear(tile);
    else begin(tile, call, row, first);
    for (int i = 0; i + 1 < call.term_count; ++i) add<S>(tile, call.terms[i], row, first);
    add<Last>(tile, call.terms[call.term_count - 1], row, first);
    if constexpr (sizeof(W) == 1) {
      Tile<Rows, Panels, Registers> start;
      begin(start, call, row, first);
#pragma GCC unroll 8
      for (int p = 0; p < Panels; ++p) {
#pragma GCC unroll 8
        for (int g = 0; g < Registers; ++g) {
          const V scale = simd::load(call.scales + ((first + p) * Registers + g) * lanes);
#pragma GCC unroll 8
          for (int r = 0; r < Rows; ++r)
            tile.sum[r][p][g] = simd::multiply_add(tile.sum[r][p][g], scale, start.sum[r][p][g]);
        }
      }
    }
  }

  /// Stores the sums of a panel in row `row`.
  struct Store {
    template <int Registers>
    [[gnu::always_inline]] static void put(const V (&z)[Registers], const PanelCall& call, Index row, Index panel) {
      float* const to = call.output + row * call.output_stride + panel * Registers * lanes;
#pragma GCC unroll 8
      for (int g = 0; g < Registers; ++g) simd::store(to + g * lanes, z[g]);
    }
  };
  [[gnu::always_inline]] static void put_output(V h, const PanelCall& call, Index row, Index panel) {
    simd::store(call.output + row * call.output_stride + panel * lanes, h);
    if (call.copy != nullptr) simd::store(call.copy + row * call.copy_stride + panel * lanes, h);
  }
  /// Computes the logistic function with an absolute error of a few units in the last place of 1. It is faster than
  /// simd::sigmoid, whose relative error is small for small results, too.
  [[gnu::always_inline]] static V gate(V x) {
    const V bounded = simd::max(simd::splat<V>(-40.0F), simd::min(simd::splat<V>(20.0F), x));
    const auto reduced = simd::detail::reduce<-1, false, 0>(bounded);
    const V mantissa = 1 + simd::detail::expm1_reduced(reduced.rest);
    const V power = simd::detail::power_of_two<V>(reduced.biased);
    return simd::detail::quotient(simd::splat<V>(1), simd::multiply_add(mantissa, power, simd::splat<V>(1)));
  }
  struct LstmGates {
    [[gnu::always_inline]] static void put(const V (&z)[4], const PanelCall& call, Index row, Index panel) {
      float* const state = call.state + row * call.state_stride + panel * lanes;
      const V c = simd::multiply_add(gate(z[1]), simd::load(state), gate(z[0]) * simd::tanh(z[2]));
      simd::store(state, c);
      put_output(gate(z[3]) * simd::tanh(c), call, row, panel);
    }
  };
  struct GruGates {
    [[gnu::always_inline]] static void put(const V (&z)[4], const PanelCall& call, Index row, Index panel) {
      const V before = simd::load(call.state + row * call.state_stride + panel * lanes);
      const V candidate = simd::tanh(simd::multiply_add(gate(z[1]), z[3], z[2]));
      put_output(simd::multiply_add(gate(z[0]), before - candidate, candidate), call, row, panel);
    }
  };

  template <class End, class S, class Last, int Registers, int Rows, int Panels>
  [[gnu::always_inline]] static void tile(const PanelCall& call, Index row, Index panel) {
    Tile<Rows, Panels, Registers> sum;
    sums<S, Last>(sum, call, row, panel);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
      for (int p = 0; p < Panels; ++p) End::put(sum.sum[r][p], call, row + r, panel + p);
    }
  }

  /// Computes all panels for rows [first, last), whose number is a multiple of `Rows`. The inner loop is over rows, so
  /// that a panel stays in the cache.
  template <class End, class S, class Last, int Registers, int Rows>
  [[gnu::noinline]] static void band(const PanelCall& call, Index first, Index last) {
    if constexpr (Rows == 1) {
      constexpr int together = 8 / Registers;
      for (Index row = first; row < last; ++row) {
        Index panel = 0;
        for (; panel + together <= call.panels; panel += together)
          tile<End, S, Last, Registers, 1, together>(call, row, panel);
        for (; panel < call.panels; ++panel) tile<End, S, Last, Registers, 1, 1>(call, row, panel);
      }
    } else {
      for (Index panel = 0; panel < call.panels; ++panel)
        for (Index row = first; row < last; row += Rows) tile<End, S, Last, Registers, Rows, 1>(call, row, panel);
    }
  }

  /// Computes one row and one panel, for a small cell step by step. There is no loop, because the compiler would load
  /// constants before it.
  template <class End, class S, class Last, int Registers>
  [[gnu::noinline]] static void single(const PanelCall& call) {
    tile<End, S, Last, Registers, 1, 1>(call, 0, 0);
  }

  template <class End, class S, class Last, int Registers>
  static void run(const PanelCall& call) {
    if (call.rows * call.panels == 1) return single<End, S, Last, Registers>(call);
    const Index many = call.rows - call.rows % Isa::rows;
    const Index pairs = many + (call.rows - many) / 2 * 2;
    if (many > 0) band<End, S, Last, Registers, Isa::rows>(call, 0, many);
    if (pairs > many) band<End, S, Last, Registers, 2>(call, many, pairs);
    if (call.rows > pairs) band<End, S, Last, Registers, 1>(call, pairs, call.rows);
  }

  using All = Slots<0, 1, 2, 3>;
  static constexpr InferenceKernels table = {lanes, run<Store, All, All, 4>, run<Store, Slots<0>, Slots<0>, 1>,
                                             run<LstmGates, All, All, 4>,
                                             run<GruGates, Slots<0, 1, 2>, Slots<0, 1, 3>, 4>};
};

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur::detail
