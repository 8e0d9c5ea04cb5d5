#pragma once

#include <thread>

namespace recur::detail {

/// Spins for some ten microseconds, the time between two jobs of a recurrence, and then lets other programs run.
class SpinWait {
 public:
  void operator()() {
    if (++turns_ < 1000) pause();
    else std::this_thread::yield();
  }

 private:
  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  int turns_ = 0;
};

}  // namespace recur::detail
