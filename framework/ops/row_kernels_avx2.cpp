// Row loops for machines with AVX2. Wants -mavx2 -mfma.
// Without these flags (another kind of machine) the file compiles to "not available".
#include <recur/framework/ops/row_kernels.h>

#if defined(__AVX2__) && defined(__FMA__)

#include <recur/framework/ops/row_kernel.h>

namespace recur::detail {
namespace {

struct Avx2 {};

}  // namespace

template <class T>
const RowKernels<T>* avx2_row_kernels() {
  return &RowKernel<Avx2, T>::table;
}

#else

namespace recur::detail {

template <class T>
const RowKernels<T>* avx2_row_kernels() {
  return nullptr;
}

#endif

template const RowKernels<float>* avx2_row_kernels<float>();
template const RowKernels<double>* avx2_row_kernels<double>();

}  // namespace recur::detail
