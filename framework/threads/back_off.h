#pragma once

#include <chrono>

namespace recur::detail {

/// Decides when a leader does its jobs alone because its members get no processors. After time lost by waiting it works
/// alone for several times as long, for twice as long if that happens again soon, and then tries again. So at most a
/// small part of the time is lost.
class BackOff {
 public:
  using Clock = std::chrono::steady_clock;

  /// Returns true if the leader shall do the next job alone. Reads the clock only after a loss.
  [[nodiscard]] bool alone();
  /// Tells how much longer a job took for want of a processor.
  void lost(Clock::duration time);

 private:
  Clock::duration pause_{};  // the last one's; 0: there was no loss lately
  Clock::time_point until_;
};

}  // namespace recur::detail
