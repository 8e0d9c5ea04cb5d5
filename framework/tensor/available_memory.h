#pragma once

#include <recur/framework/tensor/error.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>

namespace recur {

/// More memory was asked for than the machine, or the limit of its container, has left.
class MemoryError : public Error {
 public:
  using Error::Error;
};

inline constexpr std::uint64_t unknown_memory = std::numeric_limits<std::uint64_t>::max();

/// Bytes that can be taken without taking them from others: what the machine has available, or what the limits of the process's
/// control groups (a container's) leave, whichever is less. `unknown_memory` if the system tells neither.
[[nodiscard]] std::uint64_t available_memory();

namespace detail {
/// Returns the available memory by the files of the system, /proc and /sys, below `root`.
[[nodiscard]] std::uint64_t available_memory(const std::filesystem::path& root);

/// Throws MemoryError if fewer bytes are available: the system hands out more than there is and kills the program once it is used.
void require_available_memory(std::size_t bytes);
}  // namespace detail

}  // namespace recur
