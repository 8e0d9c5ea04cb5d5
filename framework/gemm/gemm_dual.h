#pragma once

#include <recur/framework/gemm/gemm.h>

namespace recur {

// The products of dual numbers that operations on the tape need: (A + εA')·(B + εB') = A·B + ε(A'·B + A·B'), three real
// ones.

/// @throws ShapeError when the sizes do not fit.
template <>
void multiply(MatrixView<const Dual> a, bool transpose_a, MatrixView<const Dual> b, bool transpose_b,
              MatrixView<Dual> c, bool accumulate, GemmWorkspace& workspace);

}  // namespace recur
