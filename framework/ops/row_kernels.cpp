#include <recur/framework/gemm/gemm.h>
#include <recur/framework/ops/row_kernels.h>

namespace recur::detail {
namespace {

template <class T>
const RowKernels<T>& fastest() {
  const GemmTarget target = best_gemm_target();
  const RowKernels<T>* found = nullptr;
  if (target == GemmTarget::avx512) found = avx512_row_kernels<T>();
  if (found == nullptr && target != GemmTarget::portable) found = avx2_row_kernels<T>();
  return found != nullptr ? *found : *portable_row_kernels<T>();
}

}  // namespace

template <class T>
const RowKernels<T>& row_kernels() {
  static const RowKernels<T>& kernels = fastest<T>();
  return kernels;
}

// Duals have no instruction set of their own.
template <>
const RowKernels<Dual>& row_kernels<Dual>() {
  return *portable_row_kernels<Dual>();
}

template const RowKernels<float>& row_kernels<float>();
template const RowKernels<double>& row_kernels<double>();

}  // namespace recur::detail
