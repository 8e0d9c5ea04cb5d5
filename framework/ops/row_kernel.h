#pragma once

#include <recur/framework/ops/row_kernels.h>
#include <recur/framework/simd/simd_math.h>

#include <type_traits>

// The loops of RowKernels, written once and compiled for several instruction sets. `Isa` is a type of the including
// file's own, so that code for different machines never has the same name; for the same reason nothing from the
// standard library is called here.

namespace recur::detail {
inline namespace RECUR_SIMD_WIDTH {

/// A full register of a row.
template <class T>
struct WholeTile {
  using V = simd::Vec<T>;
  [[gnu::always_inline]] V load(const T* p) const { return simd::load(p); }
  [[gnu::always_inline]] void store(T* p, V v) const { simd::store(p, v); }
  /// `v`, and `other` in the lanes past the end.
  [[gnu::always_inline]] V within(V v, T) const { return v; }
};

/// What is left at the end of it.
template <class T>
struct PartTile {
  using V = simd::Vec<T>;
  std::ptrdiff_t n;
  [[gnu::always_inline]] V load(const T* p) const { return simd::load_partial(p, n); }
  [[gnu::always_inline]] void store(T* p, V v) const { simd::store_partial(p, v, n); }
  [[gnu::always_inline]] V within(V v, T other) const {
    V lane{};
    for (std::ptrdiff_t i = 0; i < simd::lanes<T>; ++i) lane[i] = static_cast<T>(i);
    return simd::select<V>(lane < static_cast<T>(n), v, simd::splat<V>(other));
  }
};

template <class Isa, class T>
struct RowKernel {
  using V = simd::Vec<T>;
  using Index = std::ptrdiff_t;
  using Targets = typename RowKernels<T>::Targets;
  using Normalized = typename RowKernels<T>::Normalized;
  using NormalizedSums = typename RowKernels<T>::NormalizedSums;
  static constexpr Index lanes = simd::lanes<T>;
  // A lane takes in so many numbers, then its sum is added in Sum: a float that has grown large takes in no small ones.
  static constexpr Index piece = 64 * lanes;
  using Sum = std::conditional_t<is_dual<T>, T, double>;

  template <class Body>
  [[gnu::always_inline]] static void each(Index from, Index end, Body body) {
    Index i = from;
    for (; i + lanes <= end; i += lanes) body(i, WholeTile<T>{});
    if (i < end) body(i, PartTile<T>{end - i});
  }
  template <class Body>
  [[gnu::always_inline]] static void each(Index n, Body body) {
    each(0, n, body);
  }
  [[gnu::always_inline]] static Index end_of_piece(Index from, Index n) { return n - from < piece ? n : from + piece; }

  /// Σ term(i, tile), whose lanes past the end are 0.
  template <class Term>
  [[gnu::always_inline]] static T total(Index n, Term term) {
    Sum sum{};
    for (Index from = 0, end = 0; from < n; from = end) {
      end = end_of_piece(from, n);
      V of_piece{};
      each(from, end, [&](Index i, auto tile) { of_piece += term(i, tile); });
      sum += static_cast<Sum>(simd::horizontal_sum(of_piece));
    }
    return static_cast<T>(sum);
  }
  template <class Tile>
  [[gnu::always_inline]] static void put(const Tile& tile, T* dx, V gradient, bool add) {
    if (add) gradient += tile.load(dx);
    tile.store(dx, gradient);
  }

  static T sum(const T* x, Index n) {
    return total(n, [&](Index i, auto tile) { return tile.load(x + i); });
  }

  static T dot(const T* a, const T* b, Index n) {
    return total(n, [&](Index i, auto tile) { return tile.load(a + i) * tile.load(b + i); });
  }

  static T largest(const T* x, Index n) {
    V most = simd::splat<V>(x[0]);
    each(n, [&](Index i, auto tile) { most = simd::max(most, tile.within(tile.load(x + i), x[0])); });
    T result = most[0];
    for (Index i = 1; i < lanes; ++i) result = result < most[i] ? most[i] : result;
    return result;
  }

  static T log_sum_exp(const T* x, Index n) {
    const T shift = largest(x, n);
    const T sum = total(n, [&](Index i, auto tile) { return tile.within(simd::exp(tile.load(x + i) - shift), T{}); });
    return shift + simd::log(simd::splat<V>(sum))[0];
  }

  static void softmax(const T* x, T* y, Index n) {
    const T shift = largest(x, n);
    const T scale = 1 / total(n, [&](Index i, auto tile) {
                      const V e = simd::exp(tile.load(x + i) - shift);
                      tile.store(y + i, e);
                      return tile.within(e, T{});
                    });
    each(n, [&](Index i, auto tile) { tile.store(y + i, tile.load(y + i) * scale); });
  }
  static void softmax_backward(const T* y, const T* dy, T* dx, Index n, bool add) {
    const T mean = dot(y, dy, n);
    each(n, [&](Index i, auto tile) { put(tile, dx + i, tile.load(y + i) * (tile.load(dy + i) - mean), add); });
  }

  static void log_softmax(const T* x, T* y, Index n) {
    const T log_sum = log_sum_exp(x, n);
    each(n, [&](Index i, auto tile) { tile.store(y + i, tile.load(x + i) - log_sum); });
  }
  static void log_softmax_backward(const T* y, const T* dy, T* dx, Index n, bool add) {
    const T mass = sum(dy, n);
    each(n,
         [&](Index i, auto tile) { put(tile, dx + i, tile.load(dy + i) - simd::exp(tile.load(y + i)) * mass, add); });
  }

  static void nll_backward(const T* x, T log_sum, T scale, T target, T* dx, Index n, bool add) {
    each(n,
         [&](Index i, auto tile) { put(tile, dx + i, scale * (simd::exp(tile.load(x + i) - log_sum) - target), add); });
  }
  static void dense_nll_backward(const T* x, T log_sum, T scale, const Targets& t, T* dx, Index n, bool add) {
    each(n, [&](Index i, auto tile) {
      const V target = t.factor * tile.load(t.q + i) + t.shift;
      put(tile, dx + i, scale * (t.mass * simd::exp(tile.load(x + i) - log_sum) - target), add);
    });
  }

  static T binary_nll(const T* x, const T* q, T factor, T shift, Index n) {
    return total(n, [&](Index i, auto tile) {
      const V logit = tile.load(x + i);
      const V target = factor * tile.load(q + i) + shift;
      return tile.within(simd::softplus(logit) - logit * target, T{});
    });
  }
  static void binary_nll_backward(const T* x, const T* q, T factor, T shift, T scale, T* dx, Index n, bool add) {
    each(n, [&](Index i, auto tile) {
      const V target = factor * tile.load(q + i) + shift;
      put(tile, dx + i, scale * (simd::sigmoid(tile.load(x + i)) - target), add);
    });
  }

  static T squared_deviation(const T* x, T mean, Index n) {
    return total(n, [&](Index i, auto tile) {
      const V d = tile.within(tile.load(x + i), mean) - mean;
      return d * d;
    });
  }

  template <class Tile>
  [[gnu::always_inline]] static V scaled(const Tile& tile, const T* gamma, V x) {
    return gamma == nullptr ? x : tile.load(gamma) * x;
  }
  [[gnu::always_inline]] static const T* at(const T* row, Index i) { return row == nullptr ? nullptr : row + i; }

  static void normalize(const Normalized& row, const T* beta, T* y, Index n) {
    each(n, [&](Index i, auto tile) {
      V value = scaled(tile, at(row.gamma, i), (tile.load(row.x + i) - row.mean) * row.inverse);
      if (beta != nullptr) value += tile.load(beta + i);
      tile.store(y + i, value);
    });
  }
  static NormalizedSums normalize_sums(const Normalized& row, const T* dy, T* dgamma, T* dbeta, Index n) {
    Sum sum_g{};
    Sum sum_gn{};
    for (Index from = 0, end = 0; from < n; from = end) {
      end = end_of_piece(from, n);
      V piece_g{};
      V piece_gn{};
      each(from, end, [&](Index i, auto tile) {
        const V seed = tile.load(dy + i);  // 0 past the end
        const V normal = (tile.load(row.x + i) - row.mean) * row.inverse;
        const V g = scaled(tile, at(row.gamma, i), seed);
        piece_g += g;
        piece_gn += g * normal;
        if (dgamma != nullptr) put(tile, dgamma + i, seed * normal, true);
        if (dbeta != nullptr) put(tile, dbeta + i, seed, true);
      });
      sum_g += static_cast<Sum>(simd::horizontal_sum(piece_g));
      sum_gn += static_cast<Sum>(simd::horizontal_sum(piece_gn));
    }
    return {static_cast<T>(sum_g), static_cast<T>(sum_gn)};
  }
  static void normalize_backward(const Normalized& row, const T* dy, NormalizedSums mean, T* dx, Index n, bool add) {
    each(n, [&](Index i, auto tile) {
      const V normal = (tile.load(row.x + i) - row.mean) * row.inverse;
      const V g = scaled(tile, at(row.gamma, i), tile.load(dy + i));
      put(tile, dx + i, (g - mean.g - normal * mean.gn) * row.inverse, add);
    });
  }

  static constexpr RowKernels<T> table = {&sum,
                                          &dot,
                                          &log_sum_exp,
                                          &softmax,
                                          &softmax_backward,
                                          &log_softmax,
                                          &log_softmax_backward,
                                          &nll_backward,
                                          &dense_nll_backward,
                                          &binary_nll,
                                          &binary_nll_backward,
                                          &squared_deviation,
                                          &normalize,
                                          &normalize_sums,
                                          &normalize_backward};
};

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur::detail
