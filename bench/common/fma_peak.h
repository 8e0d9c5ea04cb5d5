#pragma once

namespace recur::bench {

/// GFLOP/s of multiply-adds on registers alone, in float, with so many threads: what this machine does at most, now.
[[nodiscard]] double fma_peak(int threads);

}  // namespace recur::bench
