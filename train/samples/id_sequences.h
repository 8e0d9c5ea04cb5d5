#pragma once

#include <recur/framework/tensor/shape.h>
#include <recur/train/data/share.h>

#include <cstdint>
#include <vector>

namespace recur::samples {

/// Sequences of ids, and the target id of each step: all `[batch, time]`, row by row.
struct IdSequences {
  Index batch = 0;
  Index time = 0;
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> targets;
  /// Weights: 1, and 0 beyond the end of a sequence. Empty if all have `time` steps.
  std::vector<float> weights;
};

/// Returns sequences of one rank, in a block.
[[nodiscard]] IdSequences share_of(const IdSequences& batch, const Share& share);

}  // namespace recur::samples
