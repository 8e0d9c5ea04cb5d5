#include <recur/layers/inference/kernels.h>

#include <recur/framework/gemm/gemm.h>

namespace recur::detail {

const InferenceKernels& inference_kernels(bool int8) {
  const GemmTarget target = best_gemm_target();
  const InferenceKernels* found = nullptr;
  if (target == GemmTarget::avx512) found = avx512_inference_kernels(int8);
  if (found == nullptr && target != GemmTarget::portable) found = avx2_inference_kernels(int8);
  return found != nullptr ? *found : *portable_inference_kernels(int8);
}

}  // namespace recur::detail
