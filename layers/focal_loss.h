#pragma once

#include <recur/framework/autodiff/tape.h>

#include <cstdint>
#include <span>

namespace recur {

/// Mean of -w·(1 - p)^gamma · ln p, p being the probability softmax(logits) of the class (Lin et al. 2017): examples
/// that are certain already count less. With a gamma of 0 it is the cross-entropy.
/// @param logits `[.., classes]` @param targets one class for each row @param weights one for each row; empty for 1;
/// rows of weight 0 are not among those of the mean. Throws ShapeError unless there is a class (and weight) for each
/// row, ValueError for a class outside [0, classes) in a row whose weight is not 0, and a negative gamma.
[[nodiscard]] Var focal_loss(Var logits, std::span<const std::int32_t> targets, double gamma = 2,
                             std::span<const float> weights = {});

}  // namespace recur
