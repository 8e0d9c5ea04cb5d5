#pragma once

#include <recur/framework/tensor/error.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>

namespace recur {

/// Thrown if more memory is asked for than the machine, or the limit of its container, has left.
class MemoryError : public Error {
 public:
  using Error::Error;
};

/// What `available_memory` returns if the system does not tell.
inline constexpr std::uint64_t unknown_memory = std::numeric_limits<std::uint64_t>::max();

/// Returns the bytes that can be allocated without swapping: the available memory of the machine or the rest of the
/// limits of the process's control groups, whichever is less. `unknown_memory` if the system tells neither.
[[nodiscard]] std::uint64_t available_memory();

namespace detail {
/// Returns the available memory by the files of the system, /proc and /sys, below `root`.
[[nodiscard]] std::uint64_t available_memory(const std::filesystem::path& root);

/// Throws MemoryError if fewer bytes are available: the system hands out more than there is and kills the program once
/// it is used.
void require_available_memory(std::size_t bytes);
}  // namespace detail

}  // namespace recur
