#pragma once

namespace recur {

/// While it lives, Ctrl-C (SIGINT) and SIGTERM ask for an orderly end instead of killing the program; a second one kills it.
/// Only one may live at a time. @throws StateError for a second.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  /// Whether the end was asked for.
  [[nodiscard]] static bool requested();
};

}  // namespace recur
