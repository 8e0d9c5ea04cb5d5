#pragma once

namespace recur {

/// While a guard lives, Ctrl-C (SIGINT), SIGTERM, SIGHUP and SIGUSR1 set a flag instead of killing the program; a
/// second signal kills it. Batch systems send SIGUSR1 before a time limit. A signal that the program ignores stays
/// ignored. The destructor restores the earlier handlers. Throws StateError if another guard lives.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  /// Returns true if a signal came since the last guard was made.
  [[nodiscard]] static bool requested() { return signal() != 0; }
  /// Returns that signal; 0 if none came.
  [[nodiscard]] static int signal();
};

}  // namespace recur
