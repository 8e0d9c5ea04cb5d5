#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/samples/id_sequences.h>

namespace recur::samples {

/// Number of different ids: 0 is blank, 1 to 8 are to be remembered, 9 asks for them.
inline constexpr std::int32_t copy_symbols = 10;
/// Number of symbols to be remembered.
inline constexpr Index copy_length = 10;

/// Draws a batch of the copy memory problem (Hochreiter & Schmidhuber 1997; in the form of Arjovsky et al. 2016), `gap`
/// + 20 steps: ten symbols to remember, `gap` - 1 blanks, the request eleven times. Targets are blanks, and in the last
/// ten steps the ten symbols. Throws ValueError if batch or gap < 1.
[[nodiscard]] IdSequences copy_memory(Index batch, Index gap, Generator& generator);

/// Returns the cross-entropy in nats a step of the best answer without memory: blanks, then one of eight symbols at
/// random.
[[nodiscard]] double copy_memory_baseline(Index gap);

}  // namespace recur::samples
