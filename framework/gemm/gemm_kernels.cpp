#include <recur/framework/gemm/gemm.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

namespace recur {
namespace {

bool runs(GemmTarget target) {
  switch (target) {
    case GemmTarget::portable:
      return true;
#if defined(__x86_64__)
    case GemmTarget::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             detail::avx2_gemm_kernels<float>() != nullptr;
    case GemmTarget::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             detail::avx512_gemm_kernels<float>() != nullptr;
#endif
    default:
      return false;
  }
}

struct Targets {
  std::array<GemmTarget, 3> values{};
  std::size_t count = 0;

  Targets() {
    for (const GemmTarget target : {GemmTarget::portable, GemmTarget::avx2, GemmTarget::avx512})
      if (runs(target)) values[count++] = target;
  }
};

// What RECUR_KERNELS in the environment names, so that all kernels can be tried on one machine; otherwise the fastest.
GemmTarget chosen_target() {
  const char* const wanted = std::getenv("RECUR_KERNELS");
  if (wanted == nullptr || *wanted == 0) return gemm_targets().back();
  std::string known;
  for (const GemmTarget target : gemm_targets()) {
    if (name(target) == std::string_view(wanted)) return target;
    known += (known.empty() ? "" : ", ") + std::string(name(target));
  }
  fail<ValueError>("RECUR_KERNELS: '{}' is not among the kernels that run on this machine ({})", wanted, known);
}

}  // namespace

const char* name(GemmTarget target) {
  switch (target) {
    case GemmTarget::avx512:
      return "avx512";
    case GemmTarget::avx2:
      return "avx2";
    default:
      return "portable";
  }
}

std::span<const GemmTarget> gemm_targets() {
  static const Targets targets;
  return {targets.values.data(), targets.count};
}

GemmTarget best_gemm_target() {
  static const GemmTarget target = chosen_target();
  return target;
}

namespace detail {

template <Scalar T>
const GemmKernels<T>& gemm_kernels(GemmTarget target) {
  const GemmKernels<T>* kernels = nullptr;
  if (runs(target)) {
    kernels = target == GemmTarget::avx512 ? avx512_gemm_kernels<T>()
              : target == GemmTarget::avx2 ? avx2_gemm_kernels<T>()
                                           : portable_gemm_kernels<T>();
  }
  require<ValueError>(kernels != nullptr, "gemm_kernels: this machine cannot run the target {}", name(target));
  return *kernels;
}

template const GemmKernels<float>& gemm_kernels<float>(GemmTarget);
template const GemmKernels<double>& gemm_kernels<double>(GemmTarget);

void* ScratchBuffer::reserve_bytes(std::size_t bytes) {
  if (bytes > capacity_) {
    data_.reset();
    data_ = allocate_buffer<std::byte>(bytes, 4096);
    capacity_ = bytes;
  }
  return data_.get();
}

}  // namespace detail
}  // namespace recur
