#include <recur/framework/threads/processors.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>

#include <cerrno>
#endif

namespace recur::detail {
namespace {

int hardware_processors() { return std::max(static_cast<int>(std::thread::hardware_concurrency()), 1); }

/// Processors that a quota of microseconds a period amounts to; 0 if it is none.
int processors_of(double quota, double period) {
  return quota > 0 && period > 0 ? static_cast<int>(std::ceil(quota / period)) : 0;
}

/// Version 2: "200000 100000", or "max 100000" for no limit.
int limit_of_version_2(const std::filesystem::path& group) {
  std::ifstream file(group / "cpu.max");
  double quota = 0, period = 0;
  return file >> quota >> period ? processors_of(quota, period) : 0;
}

/// Version 1: a quota of -1 is no limit.
int limit_of_version_1(const std::filesystem::path& group) {
  std::ifstream quota_file(group / "cpu.cfs_quota_us"), period_file(group / "cpu.cfs_period_us");
  double quota = 0, period = 0;
  return quota_file >> quota && period_file >> period ? processors_of(quota, period) : 0;
}

/// The least limit of a group and of all above it. A container that has the host's path but its own mount finds its
/// limit at the mount.
template <class Limit>
int least_limit(const std::filesystem::path& mount, const std::string& group, Limit limit) {
  int least = 0;
  for (std::filesystem::path path = std::filesystem::path(group).relative_path();; path = path.parent_path()) {
    const int here = limit(mount / path);
    if (here > 0) least = least == 0 ? here : std::min(least, here);
    if (path.empty()) return least;
  }
}

/// Whether a comma-separated list has this name in it.
bool lists(const std::string& names, const std::string& name) {
  return ("," + names + ",").find("," + name + ",") != std::string::npos;
}

}  // namespace

int affinity_processors() {
#ifdef __linux__
  for (std::size_t most = 1024; most <= 1 << 20; most *= 4) {  // EINVAL: the kernel has more processors than that
    std::vector<cpu_set_t> set(most / (8 * sizeof(cpu_set_t)));
    const std::size_t bytes = set.size() * sizeof(cpu_set_t);
    if (sched_getaffinity(0, bytes, set.data()) == 0) return std::max(CPU_COUNT_S(bytes, set.data()), 1);
    if (errno != EINVAL) break;
  }
#endif
  return hardware_processors();
}

int quota_processors(const std::filesystem::path& self, const std::filesystem::path& mount) {
  std::ifstream file(self);
  for (std::string line; std::getline(file, line);) {  // "4:cpu,cpuacct:/group" in version 1, "0::/group" in version 2
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    int limit = 0;
    if (controllers.empty()) limit = least_limit(mount, group, limit_of_version_2);
    else if (lists(controllers, "cpu")) {
      limit = least_limit(mount / controllers, group, limit_of_version_1);
      if (limit == 0) limit = least_limit(mount / "cpu", group, limit_of_version_1);
    }
    if (limit > 0) return limit;
  }
  return 0;
}

int usable_processors() {
  static const int processors = [] {
    const int affinity = affinity_processors();
    const int quota = quota_processors();
    return quota > 0 ? std::min(affinity, quota) : affinity;
  }();
  return processors;
}

}  // namespace recur::detail
