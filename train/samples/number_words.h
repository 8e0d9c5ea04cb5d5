#pragma once

#include <recur/framework/tensor/shape.h>

#include <string>

namespace recur::samples {

/// Returns a number in English words: 40'213 is "forty thousand two hundred and thirteen". Throws ValueError outside
/// [0, 999'999].
[[nodiscard]] std::string number_words(Index number);

}  // namespace recur::samples
