#pragma once

#include <functional>
#include <map>
#include <thread>

namespace recur::distributed {

/// Returns a descriptor that becomes readable when the process `id` of this machine ends; -1 where the system has none.
[[nodiscard]] int open_process(int id);

/// Tells at once when a process of this machine ends. Does nothing where the system cannot watch processes (before
/// Linux 5.3).
class ProcessWatch {
 public:
  /// @param processes ids of processes by rank @param ended called with a rank, once, on another thread
  ProcessWatch(const std::map<int, int>& processes, std::function<void(int rank)> ended);
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;
  ~ProcessWatch();

 private:
  void watch(const std::function<void(int rank)>& ended);

  std::map<int, int> descriptors_;  // by rank
  int wake_ = -1;
  std::thread thread_;
};

}  // namespace recur::distributed
