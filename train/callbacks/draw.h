#pragma once

#include <recur/framework/tensor/random.h>

#include <cstdint>
#include <span>

namespace recur {

/// Draws a class from softmax(logits / temperature). A lower temperature favours likely classes. Throws ValueError if
/// there are no logits, one is not finite, or the temperature is not positive.
[[nodiscard]] std::int32_t draw_class(std::span<const double> logits, double temperature, Generator& generator);

}  // namespace recur
