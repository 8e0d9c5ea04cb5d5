#pragma once

#include <recur/interop/torch/pickle.h>

#include <optional>
#include <string>

namespace recur::interop {

/// Says why a pickle may not name this function or class, "module name"; empty for one of the closed list of those that
/// it may. The list decides; what is known of a name outside it only makes the reason plainer.
[[nodiscard]] std::string refusal_of_global(const std::string& name);

/// The type of numbers of a storage class (`torch FloatStorage`), and that of a dtype (`torch float32`); none for other
/// names.
[[nodiscard]] std::optional<TorchType> storage_type(const std::string& name);
[[nodiscard]] std::optional<TorchType> element_type(const std::string& name);

}  // namespace recur::interop
