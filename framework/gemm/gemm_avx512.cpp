// Matrix products for machines with AVX-512. Wants -mavx512f -mavx512vl -mavx512dq -mavx2 -mfma
// -ffp-contract=fast -O3; gemm_kernels.cpp asks the processor for just these.
// Without these flags (another kind of machine) the file compiles to "not available".
#include <recur/framework/gemm/gemm_kernels.h>

#if defined(__AVX512F__) && defined(__FMA__)

#include <recur/framework/gemm/gemm_kernel.h>

#include <immintrin.h>

namespace recur::detail {
namespace {

struct Avx512 {
  static constexpr int bytes = 64;
  static constexpr int vectors = 4;
  static constexpr int packed_rows = 6;
  static constexpr int rows(int) { return packed_rows; }
  static constexpr int steps = 1;
  static constexpr bool streams = true;
  static constexpr int bytes_ahead = 0;  // not tried: left to the hardware
  template <class Vector>
  static void pin(Vector&) {}
  using Bits = __m512i;
  static void stream(void* to, Bits value) { _mm512_stream_si512(static_cast<Bits*>(to), value); }
  static void fence() { _mm_sfence(); }
};

}  // namespace

template <class T>
const GemmKernels<T>* avx512_gemm_kernels() {
  return &gemm_kernel_table<Avx512, T>;
}

#else

namespace recur::detail {

template <class T>
const GemmKernels<T>* avx512_gemm_kernels() {
  return nullptr;
}

#endif

template const GemmKernels<float>* avx512_gemm_kernels<float>();
template const GemmKernels<double>* avx512_gemm_kernels<double>();

}  // namespace recur::detail
