#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/samples/id_sequences.h>

namespace recur::samples {

/// Ids are below this: 0 is blank, 1 to 8 are to be remembered, 9 asks for them.
inline constexpr std::int32_t copy_symbols = 10;
/// How many are to be remembered.
inline constexpr Index copy_length = 10;

/// The copy memory problem (Hochreiter & Schmidhuber 1997; in the form of Arjovsky et al. 2016), `gap` + 20 steps: ten
/// symbols to remember, `gap` - 1 blanks, eleven times the request. Wanted are blanks, and in the last ten steps the
/// ten symbols.
/// @throws ValueError for batch or gap < 1.
[[nodiscard]] IdSequences copy_memory(Index batch, Index gap, Generator& generator);

/// Cross-entropy, in nats a step, of what is best without memory: blanks, then one of eight symbols at random.
[[nodiscard]] double copy_memory_baseline(Index gap);

}  // namespace recur::samples
