#pragma once

#include <recur/framework/tensor/random.h>

#include <numbers>
#include <string>

namespace recur::samples {

/// Draws text of 0 and 1 in which every run of 1s has even length. After an even number of 1s a 0 or a 1 follows with
/// probability 1/2 each, after an odd number a 1. The process has two hidden states, but no number of last characters
/// tells them apart with certainty. Throws ValueError if the length is negative.
[[nodiscard]] std::string even_process(Index characters, Generator& generator);

/// Returns the least possible loss in nats a character.
inline constexpr double even_process_entropy = 2 * std::numbers::ln2 / 3;

}  // namespace recur::samples
