#pragma once

#include <recur/layers/sequential.h>

#include <string>

namespace recur {

/// A table of a built model's layers: name and class, shape of the output, number of parameters; then their sums.
/// @param input shape of the model's input, `[batch, time, features]`, or of its ids
[[nodiscard]] std::string summary(Sequential& model, Shape input);

}  // namespace recur
