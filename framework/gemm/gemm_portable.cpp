// Matrix products for any machine, in vectors of 16 bytes: SSE2, NEON. Wants -O3, no further flags.
#include <recur/framework/gemm/gemm_kernel.h>

namespace recur::detail {
namespace {

struct Portable {
  static constexpr int bytes = 16;
  static constexpr int vectors = 2;
  static constexpr int packed_rows = 4;
  static constexpr int rows(int) { return packed_rows; }
  static constexpr int steps = 1;
  static constexpr bool streams = false;
  static constexpr int bytes_ahead = 0;  // not tried: left to the hardware
  template <class Vector>
  static void pin(Vector&) {}
};

}  // namespace

template <class T>
const GemmKernels<T>* portable_gemm_kernels() {
  return &gemm_kernel_table<Portable, T>;
}

template const GemmKernels<float>* portable_gemm_kernels<float>();
template const GemmKernels<double>* portable_gemm_kernels<double>();

}  // namespace recur::detail
