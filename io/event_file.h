#pragma once

#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace recur {

/// Returns the CRC-32C (Castagnoli; RFC 3720, appendix B.4) of `bytes`.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);

/// Returns the first bytes of an event file for TensorBoard. `wall_time` is in seconds since 1970. Such a file is a
/// series of TFRecords: length, masked CRC-32C of the length, data, masked CRC-32C of the data. Data are an `Event` in
/// protobuf's wire format. The name of the file must contain `tfevents`.
[[nodiscard]] std::string event_file_header(double wall_time);

/// Returns the bytes of one number: curve `tag` has `value` at `step`.
[[nodiscard]] std::string scalar_event(double wall_time, Index step, std::string_view tag, double value);

}  // namespace recur
