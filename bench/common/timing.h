#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace recur::bench {

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Seconds that one call takes.
template <class Step>
[[nodiscard]] double seconds_of(Step&& step) {
  const auto start = Clock::now();
  step();
  return seconds_since(start);
}

[[nodiscard]] inline double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace recur::bench
