#include <recur/framework/threads/denormals.h>

#include <atomic>

#ifdef __x86_64__
#include <xmmintrin.h>
#endif

namespace recur {
namespace {

#ifdef __x86_64__
constexpr bool possible = true;
constexpr unsigned int results_and_operands = 0x8000U | 0x0040U;

void set_mode(bool flush) {
  const unsigned int others = _mm_getcsr() & ~results_and_operands;
  _mm_setcsr(flush ? others | results_and_operands : others);
}
#else
constexpr bool possible = false;

void set_mode(bool) {}
#endif

std::atomic<bool>& chosen() {
  static std::atomic<bool> on{true};
  return on;
}

}  // namespace

bool flush_denormals(bool on) {
  chosen().store(on, std::memory_order_relaxed);
  return possible;
}

bool flushes_denormals() { return possible && chosen().load(std::memory_order_relaxed); }

bool detail::thread_flushes_denormals() {
#ifdef __x86_64__
  return (_mm_getcsr() & results_and_operands) == results_and_operands;
#else
  return false;
#endif
}

bool detail::pass_flushes_denormals() { return flushes_denormals() || thread_flushes_denormals(); }

detail::DenormalMode::DenormalMode(bool flush) : before_(thread_flushes_denormals()), changed_(flush != before_) {
  if (changed_) set_mode(flush);
}

detail::DenormalMode::~DenormalMode() {
  if (changed_) set_mode(before_);
}

}  // namespace recur
