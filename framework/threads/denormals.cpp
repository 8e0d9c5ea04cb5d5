#include <recur/framework/threads/denormals.h>

#ifdef __x86_64__
#include <xmmintrin.h>
#endif

namespace recur {
namespace {

#ifdef __x86_64__
constexpr unsigned int results_and_operands = 0x8000U | 0x0040U;
#endif

}  // namespace

bool flush_denormals([[maybe_unused]] bool on) {
#ifdef __x86_64__
  const unsigned int others = _mm_getcsr() & ~results_and_operands;
  _mm_setcsr(on ? others | results_and_operands : others);
  return true;
#else
  return false;
#endif
}

bool flushes_denormals() {
#ifdef __x86_64__
  return (_mm_getcsr() & results_and_operands) == results_and_operands;
#else
  return false;
#endif
}

}  // namespace recur
