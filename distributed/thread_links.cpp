#include <recur/distributed/thread_links.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <tuple>

namespace recur::distributed {
namespace {

using Clock = std::chrono::steady_clock;

Clock::duration seconds(double count) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
}

// What all links of a job share.
class Network {
 public:
  Network(int size, const NetworkModel& model)
      : model_(model),
        notes_(static_cast<std::size_t>(size)),
        sends_until_(static_cast<std::size_t>(size)),
        receives_until_(static_cast<std::size_t>(size)) {}

  // @returns when the sender is done
  Clock::time_point send(int from, int to, int tag, const void* bytes, std::size_t count) {
    const auto* first = static_cast<const std::byte*>(bytes);
    std::vector<std::byte> copy(first, first + count);
    const std::lock_guard lock(mutex_);
    Clock::time_point& sender = sends_until_[static_cast<std::size_t>(from)];
    Clock::time_point& receiver = receives_until_[static_cast<std::size_t>(to)];
    const auto travels = seconds(model_.bandwidth > 0 ? static_cast<double>(count) / model_.bandwidth : 0);
    const Clock::time_point begins = std::max({Clock::now(), sender, receiver});
    sender = receiver = begins + travels;
    messages_[{from, to, tag}].push_back({std::move(copy), begins + travels + seconds(model_.latency)});
    return sender;
  }
  // @returns false as long as no message is there
  bool take(int from, int to, int tag, void* bytes, std::size_t count) {
    std::vector<std::byte> message;
    {
      const std::lock_guard lock(mutex_);
      const auto at = messages_.find({from, to, tag});
      if (at == messages_.end() || at->second.front().arrives > Clock::now()) return false;
      message = std::move(at->second.front().bytes);
      at->second.pop_front();
      if (at->second.empty()) messages_.erase(at);
    }
    if (message.size() > count) throw std::runtime_error("thread_links: a message is longer than what is received");
    std::ranges::copy(message, static_cast<std::byte*>(bytes));
    return true;
  }
  void post(int from, int to, const std::string& text) {
    const std::lock_guard lock(mutex_);
    notes_[static_cast<std::size_t>(to)].push_back({from, text});
  }
  std::optional<Note> poll(int to) {
    const std::lock_guard lock(mutex_);
    std::deque<Note>& own = notes_[static_cast<std::size_t>(to)];
    if (own.empty()) return std::nullopt;
    Note note = std::move(own.front());
    own.pop_front();
    return note;
  }

 private:
  struct Message {
    std::vector<std::byte> bytes;
    Clock::time_point arrives;
  };

  NetworkModel model_;
  std::mutex mutex_;
  std::map<std::tuple<int, int, int>, std::deque<Message>> messages_;
  std::vector<std::deque<Note>> notes_;
  std::vector<Clock::time_point> sends_until_, receives_until_;
};

class ThreadLink final : public Link {
 public:
  ThreadLink(std::shared_ptr<Network> network, int rank, int size)
      : network_(std::move(network)), rank_(rank), size_(size) {}

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }
  [[nodiscard]] Request send(int to, int tag, const void* bytes, std::size_t count) override {
    const Clock::time_point done = network_->send(rank_, to, tag, bytes, count);
    return add({.sent = true, .from = 0, .tag = tag, .bytes = nullptr, .count = 0, .done = done});
  }
  [[nodiscard]] Request receive(int from, int tag, void* bytes, std::size_t count) override {
    return add({.sent = false, .from = from, .tag = tag, .bytes = bytes, .count = count, .done = {}});
  }
  [[nodiscard]] bool done(Request request) override {
    const auto at = pending_.find(request);
    const Pending& one = at->second;
    const bool complete =
        one.sent ? one.done <= Clock::now() : network_->take(one.from, rank_, one.tag, one.bytes, one.count);
    if (complete) pending_.erase(at);
    return complete;
  }
  void cancel() override { pending_.clear(); }
  void post(int to, const std::string& text) override { network_->post(rank_, to, text); }
  [[nodiscard]] std::optional<Note> poll() override { return network_->poll(rank_); }
  void end(bool) override {}

 private:
  struct Pending {
    bool sent;
    int from, tag;
    void* bytes;
    std::size_t count;
    Clock::time_point done;
  };
  Request add(const Pending& one) {
    pending_.emplace(++last_, one);
    return last_;
  }

  std::shared_ptr<Network> network_;
  int rank_, size_;
  Request last_ = 0;
  std::map<Request, Pending> pending_;
};

}  // namespace

std::vector<std::unique_ptr<Link>> thread_links(int size, const NetworkModel& model) {
  const auto network = std::make_shared<Network>(size, model);
  std::vector<std::unique_ptr<Link>> links;
  for (int rank = 0; rank < size; ++rank) links.push_back(std::make_unique<ThreadLink>(network, rank, size));
  return links;
}

}  // namespace recur::distributed
