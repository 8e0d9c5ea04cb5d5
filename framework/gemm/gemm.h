#pragma once

#include <recur/framework/gemm/gemm_kernels.h>
#include <recur/framework/gemm/gemm_panels.h>
#include <recur/framework/tensor/dtype.h>
#include <recur/framework/tensor/matrix_view.h>
#include <recur/framework/tensor/memory.h>

#include <cstddef>
#include <span>
#include <vector>

namespace recur {

namespace detail {

/// Memory aligned to a cache line. It grows and never shrinks. Growing loses its contents.
class ScratchBuffer {
 public:
  /// Returns memory for `count` plain numbers, uninitialized; valid until the next call.
  template <class T>
  [[nodiscard]] T* reserve(Index count) {
    return static_cast<T*>(reserve_bytes(static_cast<std::size_t>(count) * sizeof(T)));
  }
  template <class T>
  [[nodiscard]] const T* get() const {
    return reinterpret_cast<const T*>(data_.get());
  }

 private:
  [[nodiscard]] void* reserve_bytes(std::size_t bytes);

  Buffer<std::byte> data_;
  std::size_t capacity_ = 0;
};

}  // namespace detail

/// Instruction sets that products are compiled for.
enum class GemmTarget : unsigned char { portable, avx2, avx512 };

[[nodiscard]] const char* name(GemmTarget target);
/// Returns the targets that this machine can run, slowest first; never empty.
[[nodiscard]] std::span<const GemmTarget> gemm_targets();
/// Returns the fastest target of this machine, or the target that RECUR_KERNELS in the environment names: `portable`,
/// `avx2` or `avx512`. Throws ValueError if this machine cannot run that target.
[[nodiscard]] GemmTarget best_gemm_target();

/// Scratch memory of products (packing buffers) and the kernels they run on. Use one per thread. It grows and never
/// shrinks, so a repeated product allocates nothing.
class GemmWorkspace {
 public:
  GemmWorkspace() : GemmWorkspace(best_gemm_target()) {}
  /// Throws ValueError if this machine cannot run `target`.
  explicit GemmWorkspace(GemmTarget target);

  [[nodiscard]] GemmTarget target() const { return target_; }

 private:
  friend struct detail::GemmDriver;

  GemmTarget target_;
  detail::ScratchBuffer left_;
  detail::ScratchBuffer right_;
  detail::ScratchBuffer transposed_;
  detail::ScratchBuffer rows_;
};

/// A matrix packed once for many products A·B with one B: the weights of a layer for all time steps. The packed copy
/// does not follow changes of the original; pack again then.
template <Scalar T>
class PackedMatrix {
 public:
  PackedMatrix() : PackedMatrix(best_gemm_target()) {}
  /// Throws ValueError if this machine cannot run `target`.
  explicit PackedMatrix(GemmTarget target);

  /// Packs `b`, or its transpose. Allocates only if the memory does not suffice.
  void pack(MatrixView<const T> b, bool transpose);

  /// Sizes of the matrix that is multiplied with, after the transpose.
  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index cols() const { return cols_; }
  [[nodiscard]] bool empty() const { return rows_ == 0 || cols_ == 0; }

 private:
  friend struct detail::GemmDriver;

  const detail::GemmKernels<T>* kernels_;
  detail::ScratchBuffer buffer_;
  detail::Panels panels_;
  Index rows_ = 0;
  Index cols_ = 0;
  mutable bool backwards_ = false;  // only the order of the work; threads may share the matrix, see GemmDriver::turn
};

/// C = A·B, or C += A·B if `accumulate`. A is [M, K], B packed [K, N], C [M, N]; C must not overlap A. Allocates
/// nothing. Throws ShapeError if sizes do not fit.
template <Scalar T>
void multiply(MatrixView<const T> a, const PackedMatrix<T>& b, MatrixView<T> c, bool accumulate);

/// C = A·B + bias, with the bias added to every row. Shapes are those of the overload above. Allocates nothing. Throws
/// ShapeError if sizes do not fit.
template <Scalar T>
void multiply(MatrixView<const T> a, const PackedMatrix<T>& b, MatrixView<T> c, std::span<const T> bias);

/// C = op(A)·op(B), or C += op(A)·op(B), where op is the transpose if asked for. Packs into `workspace`. C must not
/// overlap A or B. Throws ShapeError if sizes do not fit.
template <Scalar T>
void multiply(MatrixView<const T> a, bool transpose_a, MatrixView<const T> b, bool transpose_b, MatrixView<T> c,
              bool accumulate, GemmWorkspace& workspace);

/// Operands of one term of a weight gradient: A [m, K] and B [m, N], usually of one time step.
template <Scalar T>
struct RowsPair {
  MatrixView<const T> a;
  MatrixView<const T> b;
};

/// C += Σᵢ Aᵢᵀ·Bᵢ: the weight gradient over all time steps, computed as one product of all stacked Aᵢ and Bᵢ. C is [K,
/// N]. Terms may lie anywhere and have different numbers of rows. Throws ShapeError if sizes do not fit.
template <Scalar T>
void multiply_transposed(std::span<const RowsPair<T>> pairs, MatrixView<T> c, GemmWorkspace& workspace);

/// sums[j] += Σᵢ b(i, j): the gradient of a bias. Throws ShapeError unless there is a sum for each column.
template <Scalar T>
void add_column_sums(MatrixView<const T> b, std::span<T> sums);

}  // namespace recur
