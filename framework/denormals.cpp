#include <recur/framework/denormals.h>

#ifdef __x86_64__
#include <xmmintrin.h>
#endif

namespace recur {

bool flush_denormals([[maybe_unused]] bool on) {
#ifdef __x86_64__
  constexpr unsigned int results_and_operands = 0x8000U | 0x0040U;
  const unsigned int others = _mm_getcsr() & ~results_and_operands;
  _mm_setcsr(on ? others | results_and_operands : others);
  return true;
#else
  return false;
#endif
}

}  // namespace recur
