#pragma once

#include <recur/framework/ops/row_kernels.h>
#include <recur/framework/simd/simd_math.h>

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

  template <class Body>
  [[gnu::always_inline]] static void each(Index n, Body body) {
    Index i = 0;
    for (; i + lanes <= n; i += lanes) body(i, WholeTile<T>{});
    if (i < n) body(i, PartTile<T>{n - i});
  }
  template <class Tile>
  [[gnu::always_inline]] static void put(const Tile& tile, T* dx, V gradient, bool add) {
    if (add) gradient += tile.load(dx);
    tile.store(dx, gradient);
  }

  static T sum(const T* x, Index n) {
    V total{};
    each(n, [&](Index i, auto tile) { total += tile.load(x + i); });
    return simd::horizontal_sum(total);
  }

  static T dot(const T* a, const T* b, Index n) {
    V total{};
    each(n, [&](Index i, auto tile) { total += tile.load(a + i) * tile.load(b + i); });
    return simd::horizontal_sum(total);
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
    V total{};
    each(n, [&](Index i, auto tile) { total += tile.within(simd::exp(tile.load(x + i) - shift), T{}); });
    return shift + simd::log(simd::splat<V>(simd::horizontal_sum(total)))[0];
  }

  static void softmax(const T* x, T* y, Index n) {
    const T shift = largest(x, n);
    V total{};
    each(n, [&](Index i, auto tile) {
      const V e = simd::exp(tile.load(x + i) - shift);
      tile.store(y + i, e);
      total += tile.within(e, T{});
    });
    const T scale = 1 / simd::horizontal_sum(total);
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
    const T total = sum(dy, n);
    each(n,
         [&](Index i, auto tile) { put(tile, dx + i, tile.load(dy + i) - simd::exp(tile.load(y + i)) * total, add); });
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
    V total{};
    each(n, [&](Index i, auto tile) {
      const V logit = tile.load(x + i);
      const V target = factor * tile.load(q + i) + shift;
      total += tile.within(simd::softplus(logit) - logit * target, T{});
    });
    return simd::horizontal_sum(total);
  }
  static void binary_nll_backward(const T* x, const T* q, T factor, T shift, T scale, T* dx, Index n, bool add) {
    each(n, [&](Index i, auto tile) {
      const V target = factor * tile.load(q + i) + shift;
      put(tile, dx + i, scale * (simd::sigmoid(tile.load(x + i)) - target), add);
    });
  }

  static T squared_deviation(const T* x, T mean, Index n) {
    V total{};
    each(n, [&](Index i, auto tile) {
      const V d = tile.within(tile.load(x + i), mean) - mean;
      total += d * d;
    });
    return simd::horizontal_sum(total);
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
    V sum_g{};
    V sum_gn{};
    each(n, [&](Index i, auto tile) {
      const V seed = tile.load(dy + i);  // 0 past the end
      const V normal = (tile.load(row.x + i) - row.mean) * row.inverse;
      const V g = scaled(tile, at(row.gamma, i), seed);
      sum_g += g;
      sum_gn += g * normal;
      if (dgamma != nullptr) put(tile, dgamma + i, seed * normal, true);
      if (dbeta != nullptr) put(tile, dbeta + i, seed, true);
    });
    return {simd::horizontal_sum(sum_g), simd::horizontal_sum(sum_gn)};
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
