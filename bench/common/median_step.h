#pragma once

#include "timing.h"

#include <vector>

namespace recur::bench {

/// Nanoseconds of one call, the median of the times of `together` calls each, for about `seconds`.
template <class Step>
[[nodiscard]] double nanoseconds_of_step(double seconds, Step&& step) {
  constexpr int together = 2000;
  std::vector<double> times;
  const auto start = Clock::now();
  while (times.size() < 5 || seconds_since(start) < seconds)
    times.push_back(1e9 / together * seconds_of([&] {
                      for (int i = 0; i < together; ++i) step(i);
                    }));
  return median(times);
}

}  // namespace recur::bench
