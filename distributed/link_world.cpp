#include <recur/distributed/link_world.h>

#include <recur/framework/tensor/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

namespace recur::distributed {

LinkWorld::LinkWorld(std::function<std::unique_ptr<Link>()> open, const WorldOptions& options, bool in_one_process)
    : options_(options), in_one_process_(in_one_process), exceptions_(std::uncaught_exceptions()) {
  require<ValueError>(options.patience > 0, "LinkWorld: a patience of {} s, must be above zero", options.patience);
  thread_ = std::thread([this, open = std::move(open)] { run(open); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ready_; });
  lock.unlock();
  if (!not_opened_) return;
  thread_.join();
  std::rethrow_exception(not_opened_);
}

LinkWorld::~LinkWorld() {
  if (std::uncaught_exceptions() > exceptions_) fail("its program was ended by an exception");
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    if (!failure_.empty() && !told_) fmt::print(stderr, "recur: {}\n", failure_);
  }
  changed_.notify_all();
  thread_.join();
}

std::string LinkWorld::name(Index rank) const {
  return fmt::format("rank {} of {} on {}", rank, size_, peers_.at(static_cast<std::size_t>(rank)).host);
}

Index LinkWorld::ranks_of_host() const {
  const std::string& own = peers_.at(static_cast<std::size_t>(rank_)).host;
  return std::ranges::count_if(peers_, [&](const Peer& peer) { return peer.host == own; });
}

Index LinkWorld::hosts() const {
  std::set<std::string> names;
  for (const Peer& peer : peers_) names.insert(peer.host);
  return std::ssize(names);
}

void LinkWorld::sum(Parts parts, Wire wire) {
  static_assert(sizeof(float) == 4);
  Workspace& memory = *workspace_;
  perform([&](Link& link, std::uint64_t number) { return make_sum(link, number, parts, wire, memory); });
}

void LinkWorld::sum(DoubleParts parts) {
  Workspace& memory = *workspace_;
  perform([&](Link& link, std::uint64_t number) { return make_sum(link, number, parts, memory); });
}

std::vector<std::string> LinkWorld::gather(std::string_view own) {
  std::vector<std::string> all = {std::string(own)};
  perform([&](Link& link, std::uint64_t number) { return make_gather(link, number, own, all); });
  return all;
}

std::string LinkWorld::broadcast(std::string_view text) {
  std::string first(text);
  perform([&](Link& link, std::uint64_t number) { return make_broadcast(link, number, first); });
  return first;
}

void LinkWorld::fail(std::string_view reason) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (!failure_.empty() || !own_failure_.empty() || size_ == 1) return;
    own_failure_ = fmt::format("{}: {}", name(rank_), reason);
    told_ = true;                    // to this rank
  } catch (const std::exception&) {  // no memory: the others will find this rank gone
  }
  changed_.notify_all();
}

// Has the link's thread carry out an operation, and waits for it.
void LinkWorld::perform(const Make& make) {
  if (size_ == 1) return;
  std::unique_lock lock(mutex_);
  if (failure_.empty() && own_failure_.empty()) {
    wanted_ = &make;
    done_ = false;
    changed_.notify_all();
    changed_.wait(lock, [&] { return done_; });
    if (succeeded_) return;  // a failure since then is told by the next operation
  }
  if (failure_.empty() && own_failure_.empty()) return;
  told_ = true;
  throw RankError(failure_.empty() ? own_failure_ : failure_);
}

}  // namespace recur::distributed
