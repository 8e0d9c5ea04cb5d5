#pragma once

#include <recur/train/loop/checkpoint.h>

#include <string>
#include <string_view>

namespace recur::detail {

/// Returns a state as bytes, to be sent to another rank of the same program. Not a file format: numbers are as this
/// machine has them.
[[nodiscard]] std::string bytes_of_state(const TrainingState& state);
/// Returns the state of bytes that `bytes_of_state` made. Throws FormatError for others.
[[nodiscard]] TrainingState state_of_bytes(std::string_view bytes);

/// Returns an array as bytes with its shape and number type, and reads one from the front of `bytes`.
[[nodiscard]] std::string bytes_of_array(const Array& array);
[[nodiscard]] Array take_array(std::string_view& bytes);

}  // namespace recur::detail
