#pragma once

#include <chrono>

namespace recur::detail {

/// Tells the processor that this thread spins.
inline void pause_processor() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Spins until `done()`, for about `limit` at most. Returns false if the time was up first. Reads no clock if it is
/// done soon.
template <class Done>
[[nodiscard]] bool spin(Done done, std::chrono::steady_clock::duration limit) {
  using Clock = std::chrono::steady_clock;
  constexpr int turns_per_look = 64;
  if (done()) return true;
  if (limit == Clock::duration::zero()) return false;
  Clock::time_point end{};
  while (true) {
    for (int turn = 0; turn < turns_per_look; ++turn) {
      pause_processor();
      if (done()) return true;
    }
    const auto now = Clock::now();
    if (end == Clock::time_point{}) end = now + limit;
    if (now >= end) return false;
  }
}

}  // namespace recur::detail
