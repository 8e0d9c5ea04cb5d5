// Row loops for any machine.
#include <recur/framework/ops/row_kernel.h>

namespace recur::detail {
namespace {

struct Portable {};

}  // namespace

template <class T>
const RowKernels<T>* portable_row_kernels() {
  return &RowKernel<Portable, T>::table;
}

template const RowKernels<float>* portable_row_kernels<float>();
template const RowKernels<double>* portable_row_kernels<double>();
template const RowKernels<Dual>* portable_row_kernels<Dual>();

}  // namespace recur::detail
