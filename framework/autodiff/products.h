#pragma once

#include <recur/framework/autodiff/linear.h>

// The numbers behind matmul: all that autodiff/ knows of gemm/.

namespace recur::detail {

/// Whether `x` is a whole parameter.
[[nodiscard]] inline bool is_parameter(Var x) {
  const NodeExtra* const extra = x.node()->extra;
  return extra != nullptr && extra->leaf != nullptr;
}

/// z = a·op(w), added to z if `accumulate`, or to `bias` in every row unless that is null.
template <class T>
void multiply_into(const Linear::Product& product, MatrixView<T> z, bool accumulate, const T* bias);
/// da += dz·op(w)ᵀ and dw += aᵀ·dz, or its transpose, for the operands that want a gradient.
template <class T>
void multiply_back(const Linear::Product& product, Var z);
/// sums[j] += Σᵢ rows(i, j)
template <class T>
void sum_columns(MatrixView<const T> rows, T* sums);

/// Computes the pending products of a weight gradient as one product over all of them.
void add_pending_products(ParameterSlot& leaf, TapeCore& tape);

}  // namespace recur::detail
