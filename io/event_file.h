#pragma once

#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace recur {

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);

/// The bytes an event file for TensorBoard starts with. `wall_time` is in seconds since 1970. Such a file is a series of records
/// (TensorFlow's TFRecord: length, masked CRC-32C of it, data, masked CRC-32C of these), each an `Event` in protobuf's wire
/// format; its name must contain `tfevents`.
[[nodiscard]] std::string event_file_header(double wall_time);

/// The bytes of one scalar: the curve `tag` has `value` at `step`.
[[nodiscard]] std::string scalar_event(double wall_time, Index step, std::string_view tag, double value);

}  // namespace recur
