#pragma once

#include <recur/framework/gemm/gemm.h>

#include <atomic>

namespace recur::detail {

template <Scalar T>
[[nodiscard]] const GemmKernels<T>& gemm_kernels(GemmTarget target);

/// Gives products access to private members of the public classes.
struct GemmDriver {
  template <Scalar T>
  static const GemmKernels<T>& kernels(const PackedMatrix<T>& b) {
    return *b.kernels_;
  }
  template <Scalar T>
  static const Panels& panels(const PackedMatrix<T>& b) {
    return b.panels_;
  }
  template <Scalar T>
  static const T* data(const PackedMatrix<T>& b) {
    return b.buffer_.template get<T>();
  }
  /// Returns true at every second use of a matrix: products then walk through its panels from last to first.
  template <Scalar T>
  static bool turn(const PackedMatrix<T>& b) {
    const std::atomic_ref<bool> backwards(b.backwards_);
    const bool now = backwards.load(std::memory_order_relaxed);
    backwards.store(!now, std::memory_order_relaxed);
    return now;
  }
  static ScratchBuffer& left(GemmWorkspace& workspace) { return workspace.left_; }
  static ScratchBuffer& right(GemmWorkspace& workspace) { return workspace.right_; }
  static ScratchBuffer& rows(GemmWorkspace& workspace) { return workspace.rows_; }
  static ScratchBuffer& transposed(GemmWorkspace& workspace) { return workspace.transposed_; }
};

}  // namespace recur::detail
