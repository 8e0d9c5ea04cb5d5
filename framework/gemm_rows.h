#pragma once

#include <recur/framework/gemm.h>

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

}  // namespace recur::detail
