// Row loops for machines with AVX-512. Wants -mavx512f -mavx512vl -mavx512dq -mfma.
// Without these flags (another kind of machine) the file compiles to "not available".
#include <recur/framework/ops/row_kernels.h>

#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512DQ__)

#include <recur/framework/ops/row_kernel.h>

namespace recur::detail {
namespace {

struct Avx512 {};

}  // namespace

template <class T>
const RowKernels<T>* avx512_row_kernels() {
  return &RowKernel<Avx512, T>::table;
}

#else

namespace recur::detail {

template <class T>
const RowKernels<T>* avx512_row_kernels() {
  return nullptr;
}

#endif

template const RowKernels<float>* avx512_row_kernels<float>();
template const RowKernels<double>* avx512_row_kernels<double>();

}  // namespace recur::detail
