// Loops of Inference for any machine of the target.
#include <recur/layers/inference/kernels.h>

#include <recur/layers/inference/kernel.h>

namespace recur::detail {
namespace {

struct Portable {
  static constexpr int rows = 3;  ///< So many rows of four sums fit into the registers.
};

}  // namespace

const InferenceKernels* portable_inference_kernels(bool int8) {
  return int8 ? &InferenceKernel<Portable, signed char>::table : &InferenceKernel<Portable, float>::table;
}

}  // namespace recur::detail
