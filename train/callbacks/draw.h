#pragma once

#include <recur/framework/tensor/random.h>

#include <cstdint>
#include <span>

namespace recur {

/// A class drawn from softmax(logits / temperature): at temperature 1 as a model predicts, lower is safer, higher bolder.
/// @throws ValueError for no logits, one that is not finite, or a temperature that is not positive.
[[nodiscard]] std::int32_t draw_class(std::span<const double> logits, double temperature, Generator& generator);

}  // namespace recur
