// Loops of Inference for machines with AVX-512. Wants -mavx512f -mavx512vl -mavx512dq.
// Without these flags (another kind of machine) the file compiles to "not available".
#include <recur/layers/inference/kernels.h>

#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512DQ__)

#include <recur/layers/inference/kernel.h>

namespace recur::detail {
namespace {

struct Avx512 {
  static constexpr int rows = 6;  ///< So many rows of four sums fit into the registers.
};

}  // namespace

const InferenceKernels* avx512_inference_kernels(bool int8) {
  return int8 ? &InferenceKernel<Avx512, signed char>::table : &InferenceKernel<Avx512, float>::table;
}

}  // namespace recur::detail

#else

namespace recur::detail {

const InferenceKernels* avx512_inference_kernels(bool /*int8*/) { return nullptr; }

}  // namespace recur::detail

#endif
