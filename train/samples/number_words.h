#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/data/text_pairs.h>

#include <string>
#include <vector>

namespace recur::samples {

/// Returns a number in English words: 40'213 is "forty thousand two hundred and thirteen". Throws ValueError outside
/// [0, 999'999].
[[nodiscard]] std::string number_words(Index number);

/// Which numbers are drawn: one in ten is kept for tests.
enum class Part { train, test };
/// Numbers of one to six digits, in words to be read and in digits to be written. What one part may hold the other
/// never does.
/// @throws ValueError for a negative count.
[[nodiscard]] std::vector<TextPair> number_pairs(Index count, Part part, Generator& generator);

}  // namespace recur::samples
