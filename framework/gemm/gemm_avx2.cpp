// Matrix products for machines with AVX2. Wants -mavx2 -mfma -ffp-contract=fast -O3.
// Without these flags (another kind of machine) the file compiles to "not available".
#include <recur/framework/gemm/gemm_kernels.h>

#if defined(__AVX2__) && defined(__FMA__)

#include <recur/framework/gemm/gemm_kernel.h>

namespace recur::detail {
namespace {

struct Avx2 {
  static constexpr int bytes = 32;
  static constexpr int vectors = 3;
  static constexpr int packed_rows = 4;
  static constexpr int rows(int tile_vectors) { return tile_vectors == 3 ? 4 : 6; }
  // Fewer instructions besides arithmetic: where something else runs on the core, it is these that take the time.
  static constexpr int steps = 4;
  // Weights packed past the caches come back from memory: no gain where the third-level cache is as near as it is here.
  static constexpr bool streams = false;
  // The hardware begins anew on every page.
  static constexpr int bytes_ahead = 4096;
  // Keeps a vector in its register: the compiler would rather read it anew for each row, and loads are what is scarce
  // here.
  template <class Vector>
  static void pin(Vector& value) {
    asm("" : "+x"(value));
  }
};

}  // namespace

template <class T>
const GemmKernels<T>* avx2_gemm_kernels() {
  return &gemm_kernel_table<Avx2, T>;
}

#else

namespace recur::detail {

template <class T>
const GemmKernels<T>* avx2_gemm_kernels() {
  return nullptr;
}

#endif

template const GemmKernels<float>* avx2_gemm_kernels<float>();
template const GemmKernels<double>* avx2_gemm_kernels<double>();

}  // namespace recur::detail
