#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/data/dataset.h>

namespace recur::samples {

/// Draws a batch of the adding problem (Hochreiter & Schmidhuber 1997). Inputs are `[batch, time, 2]`: the first number
/// of each step is uniform in [0, 1); the second is 1 at two steps, one in each half of the sequence, and 0 elsewhere.
/// Targets are `[batch, 1]`, the sum of the two marked numbers. Throws ValueError if batch < 1 or time < 2.
[[nodiscard]] Batch adding_problem(Index batch, Index time, Generator& generator);

/// The mean squared error of always answering 1, which is the best answer without memory.
inline constexpr double adding_baseline = 1.0 / 6;

}  // namespace recur::samples
