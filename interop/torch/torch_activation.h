#pragma once

#include <recur/interop/torch/module_text.h>

#include <optional>
#include <string>

namespace recur::interop {

/// Returns Recur's name of a PyTorch module that is a function; none for another module.
/// @throws FormatError for a function with a number, such as LeakyReLU's slope, that Recur's has not
[[nodiscard]] std::optional<std::string> torch_activation(const TorchModule& module);

/// Returns true for a module that does nothing outside training: Identity and the kinds of Dropout.
[[nodiscard]] bool does_nothing(const TorchModule& module);

}  // namespace recur::interop
