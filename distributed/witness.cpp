#include <recur/distributed/witness.h>

#include <recur/distributed/process_watch.h>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <vector>

namespace recur::distributed {
namespace {

bool await(int queue, int descriptor, std::uint64_t number) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = number;
  return ::epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

// Leaves standard error and some descriptors, in ascending order: what MPI and the launcher have open must end with the
// rank.
void close_all_but(const std::vector<int>& kept) {
  int next = STDERR_FILENO + 1;
  for (const int one : kept) {
    for (; next < one; ++next) ::close(next);
    next = one + 1;
  }
#ifdef SYS_close_range
  if (::syscall(SYS_close_range, static_cast<unsigned>(next), ~0U, 0) == 0) return;
#endif
  for (const long most = ::sysconf(_SC_OPEN_MAX); next < most; ++next) ::close(next);
}

// In the new process: calls only what may be called after a fork of several threads.
[[noreturn]] void watch(int queue, const std::vector<int>& kept, const std::vector<std::string>& lines) {
  ::setsid();  // no signal to the group of a rank
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) std::signal(signal, SIG_IGN);
  ::prctl(PR_SET_NAME, "recur witness");
  ::close(STDIN_FILENO);
  ::close(STDOUT_FILENO);
  close_all_but(kept);
  // Events come in the order in which they happened, so that the first is the cause and not its consequence.
  epoll_event event{};
  while (::epoll_wait(queue, &event, 1, -1) != 1) {
  }
  if (event.data.u64 < lines.size()) {
    const std::string& line = lines[event.data.u64];
    (void)!::write(STDERR_FILENO, line.data(), line.size());
  }
  ::_exit(0);
}

}  // namespace

Witness::Witness(const std::map<int, Rank>& ranks) {
  const int queue = ::epoll_create1(EPOLL_CLOEXEC);
  if (queue < 0) return;
  std::vector<std::string> lines;
  std::vector<int> kept = {queue};
  dismissal_ = ::eventfd(0, EFD_CLOEXEC);
  bool all = dismissal_ >= 0;
  for (const auto& [rank, one] : ranks) {
    kept.push_back(open_process(one.process));
    all = all && await(queue, kept.back(), lines.size());
    lines.push_back(one.line.substr(0, longest_line));
  }
  all = all && await(queue, dismissal_, lines.size());
  kept.push_back(dismissal_);
  std::ranges::sort(kept);
  process_ = all ? ::fork() : -1;
  if (process_ == 0) watch(queue, kept, lines);
  for (const int descriptor : kept)
    if (descriptor != dismissal_) ::close(descriptor);
}

Witness::~Witness() {
  dismiss();
  if (process_ > 0) ::waitpid(process_, nullptr, 0);
  if (dismissal_ >= 0) ::close(dismissal_);
}

void Witness::dismiss() {
  const std::uint64_t one = 1;
  if (dismissal_ >= 0) (void)!::write(dismissal_, &one, sizeof one);
}

}  // namespace recur::distributed
