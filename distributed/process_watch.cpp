#include <recur/distributed/process_watch.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace recur::distributed {

int open_process([[maybe_unused]] int id) {
#ifdef SYS_pidfd_open
  return static_cast<int>(::syscall(SYS_pidfd_open, id, 0));
#else
  return -1;
#endif
}

ProcessWatch::ProcessWatch(const std::map<int, int>& processes, std::function<void(int rank)> ended)
    : wake_(::eventfd(0, EFD_CLOEXEC)) {
  for (const auto& [rank, id] : processes)
    if (const int descriptor = open_process(id); descriptor >= 0) descriptors_.emplace(rank, descriptor);
  if (descriptors_.empty() || wake_ < 0) return;
  thread_ = std::thread([this, ended = std::move(ended)] { watch(ended); });
}

ProcessWatch::~ProcessWatch() {
  const std::uint64_t one = 1;
  if (thread_.joinable()) {
    (void)!::write(wake_, &one, sizeof one);
    thread_.join();
  }
  for (const auto& [rank, descriptor] : descriptors_) ::close(descriptor);
  if (wake_ >= 0) ::close(wake_);
}

void ProcessWatch::watch(const std::function<void(int rank)>& ended) {
  std::vector<int> ranks = {-1};
  std::vector<pollfd> waits = {{.fd = wake_, .events = POLLIN, .revents = 0}};
  for (const auto& [rank, descriptor] : descriptors_) {
    ranks.push_back(rank);
    waits.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
  }
  while (true) {
    if (::poll(waits.data(), waits.size(), -1) < 0) continue;  // a signal
    if (waits[0].revents != 0) return;
    for (std::size_t i = 1; i < waits.size(); ++i) {
      if (waits[i].revents == 0) continue;
      ended(ranks[i]);
      waits[i].fd = -1;  // no more
    }
  }
}

}  // namespace recur::distributed
