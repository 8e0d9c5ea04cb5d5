#pragma once

namespace recur {

/// While it lives, Ctrl-C (SIGINT), SIGTERM and SIGHUP ask for an orderly end instead of killing the program; a second
/// one kills it. A signal that the program ignores stays ignored. The handlers that were there before come back when
/// the guard is destroyed. Only one may live at a time. @throws StateError for a second.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  /// Whether the end was asked for since the last guard was made.
  [[nodiscard]] static bool requested() { return signal() != 0; }
  /// The signal that asked for it; 0: none.
  [[nodiscard]] static int signal();
};

}  // namespace recur
