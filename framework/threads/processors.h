#pragma once

#include <filesystem>

namespace recur::detail {

/// Returns how many processors the calling thread may run on.
[[nodiscard]] int affinity_processors();

/// Returns how many processors the control groups (Linux, version 1 or 2) of this process grant, rounded up; 0 if there
/// is no limit. Groups further up the tree bind as well, so the least limit counts.
/// @param self what /proc/self/cgroup says: the groups of the process
/// @param mount where the tree of control groups is mounted
[[nodiscard]] int quota_processors(const std::filesystem::path& self = "/proc/self/cgroup",
                                   const std::filesystem::path& mount = "/sys/fs/cgroup");

/// Returns how many processors this process may keep busy: by affinity and by quota, at least 1. Measured once, at the
/// first call.
[[nodiscard]] int usable_processors();

}  // namespace recur::detail
