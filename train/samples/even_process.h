#pragma once

#include <recur/framework/tensor/random.h>

#include <numbers>
#include <string>

namespace recur::samples {

/// Text of 0 and 1 in which every run of 1s is of even length: after an even number of them a 0 or a 1 with probability
/// 1/2 each, after an odd number a 1. Two hidden states, and yet no number of last characters tells them apart for
/// certain.
/// @throws ValueError for a negative length.
[[nodiscard]] std::string even_process(Index characters, Generator& generator);

/// Nats a character that no model can beat.
inline constexpr double even_process_entropy = 2 * std::numbers::ln2 / 3;

}  // namespace recur::samples
