// How the ranks of a LinkWorld learn of each other's hosts and processes.

#include <recur/distributed/link_world.h>

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>

namespace recur::distributed {
namespace {

using Clock = std::chrono::steady_clock;

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

// Equal for two processes if one can look for the other by its id.
std::string machine_name() {
  std::error_code error;
  const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", error);
  return host_name() + " " + space.string();
}

}  // namespace

// Names of hosts, and processes that can be watched.
void LinkWorld::introduce() {
  const std::string machine = machine_name();
  std::vector<std::string> all;
  const auto gather = [&](std::string_view own) {
    const auto operation = make_gather(*link_, number_++, own, all);
    while (!operation->advance()) sched_yield();
  };
  gather(fmt::format("{}\n{}\n{}", host_name(), machine, ::getpid()));
  for (std::size_t i = 0; i < all.size(); ++i) {
    Peer& peer = peers_.emplace_back();
    const std::size_t first = all[i].find('\n'), last = all[i].rfind('\n');
    peer.host = all[i].substr(0, first);
    peer.machine = all[i].substr(first + 1, last - first - 1);
    peer.process = std::atoi(all[i].c_str() + last + 1);
    peer.heard = Clock::now();
  }
  last_turn_ = Clock::now();
  if (!in_one_process_) watch_processes(machine);
}

// Watches the processes of this machine, where a rank need not wait for signs of life.
void LinkWorld::watch_processes(const std::string& machine) {
  std::vector<int> here;
  for (int i = 0; i < size_; ++i)
    if (peers_[static_cast<std::size_t>(i)].machine == machine) here.push_back(i);
  if (here.size() < 2) return;
  // Witnesses print, as the launcher may end this process next. That of the second rank speaks of the first, with whose
  // process MPICH's mpirun stops reading what its witness prints.
  if (rank_ == here[0] || rank_ == here[1]) {
    std::map<int, Witness::Rank> ranks;
    for (const int i : here) {
      const bool speaks = (i == here[0]) == (rank_ == here[1]);
      ranks[i] = {peers_[static_cast<std::size_t>(i)].process,
                  speaks ? fmt::format("recur: {}: {}\n", name(i), has_ended) : std::string()};
    }
    witness_ = std::make_unique<Witness>(ranks);
  }
  std::map<int, int> processes;
  for (const int i : here)
    if (i != rank_) processes[i] = peers_[static_cast<std::size_t>(i)].process;
  watch_ = std::make_unique<ProcessWatch>(processes, [this](int rank) {
    const std::lock_guard lock(mutex_);
    peers_[static_cast<std::size_t>(rank)].ended = true;
    changed_.notify_all();
  });
}

}  // namespace recur::distributed
