#pragma once

#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <vector>

namespace recur::samples {

/// Sequences of ids, and the id wanted after each step: all `[batch, time]`, row by row.
struct IdSequences {
  Index batch = 0;
  Index time = 0;
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> targets;
  /// 1, or 0 beyond the end of a sequence; empty when all are `time` steps long.
  std::vector<float> weights;
};

}  // namespace recur::samples
