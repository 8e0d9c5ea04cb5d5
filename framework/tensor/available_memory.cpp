#include <recur/framework/tensor/available_memory.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace recur {
namespace {

namespace fs = std::filesystem;

// A file that holds one number; a limit may say `max`, which is none.
std::uint64_t number_in(const fs::path& file) {
  std::uint64_t number = 0;
  return std::ifstream(file) >> number ? number : unknown_memory;
}

// The number that follows `key` in a file of lines `key number`; 0 without it.
std::uint64_t number_after(const fs::path& file, const std::string& key) {
  std::ifstream lines(file);
  std::uint64_t number = 0;
  for (std::string word; lines >> word;)
    if (word == key) return lines >> number ? number : 0;
  return 0;
}

std::uint64_t left_of(std::uint64_t limit, std::uint64_t used, std::uint64_t reclaimable) {
  if (limit == unknown_memory || used == unknown_memory) return unknown_memory;
  const std::uint64_t held = used - std::min(used, reclaimable);
  return limit - std::min(limit, held);
}

// Of one control group, of either version.
std::uint64_t left_in_group(const fs::path& group) {
  const std::uint64_t second = left_of(number_in(group / "memory.max"), number_in(group / "memory.current"),
                                       number_after(group / "memory.stat", "inactive_file"));
  const std::uint64_t first =
      left_of(number_in(group / "memory.limit_in_bytes"), number_in(group / "memory.usage_in_bytes"),
              number_after(group / "memory.stat", "total_inactive_file"));
  return std::min(first, second);
}

std::uint64_t left_on_machine(const fs::path& root) {
  constexpr std::uint64_t kilobyte = 1024;
  const fs::path file = root / "proc/meminfo";
  const std::uint64_t free = number_after(file, "MemAvailable:");
  return free == 0 ? unknown_memory : kilobyte * (free + number_after(file, "SwapFree:"));
}

}  // namespace

std::uint64_t detail::available_memory(const fs::path& root) {
  std::uint64_t left = left_on_machine(root);
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // `0::/path`, `4:memory:/path`
    const auto second = line.find(':', line.find(':') + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(0, second);
    const bool unified = controllers == "0:";
    if (!unified && !controllers.ends_with(":memory")) continue;
    const fs::path mount = root / "sys/fs/cgroup" / (unified ? "" : "memory");
    // Limits of the groups around it hold as well. Within a namespace the path may not exist, but the mount is the
    // group then.
    for (fs::path group = fs::path(line.substr(second + 1)).relative_path();; group = group.parent_path()) {
      left = std::min(left, left_in_group(mount / group));
      if (group.empty()) break;
    }
  }
  return left;
}

void detail::require_available_memory(std::size_t bytes) {
  const std::uint64_t left = recur::available_memory();
  constexpr double gigabyte = 1e9;
  require<MemoryError>(bytes <= left, "allocate: {:.1f} GB are needed, {:.1f} GB are left",
                       static_cast<double>(bytes) / gigabyte, static_cast<double>(left) / gigabyte);
}

std::uint64_t available_memory() { return detail::available_memory("/"); }

}  // namespace recur
