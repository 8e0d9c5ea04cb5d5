#pragma once

#include <recur/framework/gemm/gemm.h>

namespace recur::detail {

/// Rows [first, first + count) of every `period`: those that a thread has of several steps of a sequence.
struct StepRows {
  Index period;
  Index first;
  Index count;
};

/// These rows of C = A·B + bias, or of C (+)= A·B when `bias` is null. A has a whole number of periods.
template <Scalar T>
void multiply_rows(MatrixView<const T> a, const PackedMatrix<T>& b, MatrixView<T> c, const T* bias, bool accumulate,
                   StepRows rows);

/// The rows that a sum of products goes over.
template <Scalar T>
[[nodiscard]] Index depth_of(std::span<const RowsPair<T>> pairs) {
  Index rows = 0;
  for (const RowsPair<T>& pair : pairs) rows += pair.a.rows;
  return rows;
}

/// C += Σ Aᵢᵀ·Bᵢ, every thread over its own rows of each period and to a C of its own: what is to be done by all of them, made by
/// one. Each Aᵢ and Bᵢ has a whole number of periods.
template <Scalar T>
class TransposedRows {
 public:
  /// @param pairs lasts until it is done, as does the workspace.
  TransposedRows(std::span<const RowsPair<T>> pairs, Index c_rows, Index c_cols, GemmWorkspace& workspace, int members);
  void run(int member, StepRows rows, T* c) const;

 private:
  std::span<const RowsPair<T>> pairs_;
  Index depth_;
  Index c_rows_;
  Index c_cols_;
  GemmWorkspace* workspace_;
};

}  // namespace recur::detail
