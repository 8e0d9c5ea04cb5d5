#pragma once

#include <filesystem>

namespace recur {

/// Opens /dev/null under each of the descriptors 0, 1 and 2 that is closed, so that no file opened later takes its
/// place. Reading from and writing to such a stream still fails. Call first in `main`.
void guard_standard_descriptors();

/// Flushes standard output. Returns false if anything printed so far could not be written: a full disk, a closed
/// descriptor.
[[nodiscard]] bool flush_standard_output();

/// Returns the descriptor, 1 or 2, of the standard stream that writes into the file at `path`; -1 if neither does.
[[nodiscard]] int standard_stream_of(const std::filesystem::path& path);

}  // namespace recur
