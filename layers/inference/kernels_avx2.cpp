// Loops of Inference for machines with AVX2. Wants -mavx2 -mfma.
// Without these flags (another kind of machine) the file compiles to "not available".
#include <recur/layers/inference/kernels.h>

#if defined(__AVX2__) && defined(__FMA__)

#include <recur/layers/inference/kernel.h>

namespace recur::detail {
namespace {

struct Avx2 {
  static constexpr int rows = 3;  ///< So many rows of four sums fit into the registers.
};

}  // namespace

const InferenceKernels* avx2_inference_kernels(bool int8) {
  return int8 ? &InferenceKernel<Avx2, signed char>::table : &InferenceKernel<Avx2, float>::table;
}

}  // namespace recur::detail

#else

namespace recur::detail {

const InferenceKernels* avx2_inference_kernels(bool /*int8*/) { return nullptr; }

}  // namespace recur::detail

#endif
