#pragma once

#include <cstddef>

namespace recur::detail {

/// Loops over one row of `n` numbers for one instruction set. They reduce, so they cannot be fused expressions. With
/// `add`, results are added to `dx` instead of assigned.
///
/// Code compiled for instruction sets that the machine may not have includes this header, so it has no inline
/// functions.
template <class T>
struct RowKernels {
  using Index = std::ptrdiff_t;

  /// Σ x
  T (*sum)(const T* x, Index n);
  /// Σ a·b
  T (*dot)(const T* a, const T* b, Index n);
  /// ln Σ eˣ, without overflow
  T (*log_sum_exp)(const T* x, Index n);
  /// y = eˣ / Σ eˣ      dx = y (dy - Σ y dy)
  void (*softmax)(const T* x, T* y, Index n);
  void (*softmax_backward)(const T* y, const T* dy, T* dx, Index n, bool add);
  /// y = x - ln Σ eˣ      dx = dy - eʸ Σ dy
  void (*log_softmax)(const T* x, T* y, Index n);
  void (*log_softmax_backward)(const T* y, const T* dy, T* dx, Index n, bool add);
  /// dx = scale (e^(x - log_sum) - target)
  void (*nll_backward)(const T* x, T log_sum, T scale, T target, T* dx, Index n, bool add);
  /// dx = scale (mass e^(x - log_sum) - (factor q + shift))
  struct Targets {
    const T* q;
    T mass;
    T factor;
    T shift;
  };
  void (*dense_nll_backward)(const T* x, T log_sum, T scale, const Targets& targets, T* dx, Index n, bool add);
  /// Σ ln(1 + eˣ) - x t with t = factor q + shift      dx = scale (sigmoid(x) - t)
  T (*binary_nll)(const T* x, const T* q, T factor, T shift, Index n);
  void (*binary_nll_backward)(const T* x, const T* q, T factor, T shift, T scale, T* dx, Index n, bool add);
  /// Σ (x - mean)²
  T (*squared_deviation)(const T* x, T mean, Index n);
  /// A row that is normalized to n = (x - mean) inverse and scaled with gamma; null for 1.
  struct Normalized {
    const T* x;
    T mean;
    T inverse;
    const T* gamma;
  };
  /// y = gamma n + beta
  void (*normalize)(const Normalized& row, const T* beta, T* y, Index n);
  /// With g = gamma dy: Σ g and Σ g n; adds dy n to `dgamma` and dy to `dbeta` unless they are null.
  struct NormalizedSums {
    T g;
    T gn;
  };
  NormalizedSums (*normalize_sums)(const Normalized& row, const T* dy, T* dgamma, T* dbeta, Index n);
  /// dx = inverse (g - mean.g - n mean.gn)
  void (*normalize_backward)(const Normalized& row, const T* dy, NormalizedSums mean, T* dx, Index n, bool add);
};

/// Null if the kernels were not compiled for this kind of machine.
template <class T>
[[nodiscard]] const RowKernels<T>* portable_row_kernels();
template <class T>
[[nodiscard]] const RowKernels<T>* avx2_row_kernels();
template <class T>
[[nodiscard]] const RowKernels<T>* avx512_row_kernels();

/// Returns the fastest kernels that this machine can run.
template <class T>
[[nodiscard]] const RowKernels<T>& row_kernels();

}  // namespace recur::detail
