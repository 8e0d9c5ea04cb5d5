// The part of LinkWorld that runs on the thread of the link.

#include <recur/distributed/link_world.h>

#include <recur/framework/tensor/error.h>

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace recur::distributed {
namespace {

// Kinds of notes, their first letter.
constexpr char alive = 'a', failed = 'f', lost = 'l', goodbye = 'g';
// Seconds: for a computation to come to its next operation once a rank is lost, for other ranks to say goodbye after a
// failure, and for a program to end after it was told of a failure.
constexpr double computing = 2, parting = 1.5, ending = 30;
constexpr auto nap = std::chrono::milliseconds(20);
// Turns without progress before the processor is left to others.
constexpr int eager_turns = 50;
// Microseconds that a link's thread rests between turns, for each rank that shares the process.
constexpr unsigned shared_nap = 20;

using Clock = std::chrono::steady_clock;
double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

void say(const std::string& text) {
  fmt::print(stderr, "recur: {}\n", text);
  std::fflush(stderr);
}

}  // namespace

void LinkWorld::run(const std::function<std::unique_ptr<Link>()>& open) {
  try {
    link_ = open();
    rank_ = link_->rank();
    size_ = link_->size();
    introduce();
  } catch (...) {
    not_opened_ = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex_);
    ready_ = true;
  }
  changed_.notify_all();
  if (not_opened_) return;
  try {
    while (!ended_) turn();
  } catch (const std::exception& error) {  // of the link
    fmt::print(stderr, "recur: {}: {}\n", name(rank_), error.what());
    std::fflush(stderr);
    link_->end(false);
    ::_exit(1);
  }
  witness_.reset();
  watch_.reset();
}

void LinkWorld::turn() {
  const Clock::time_point now = Clock::now();
  hear();
  send_sign_of_life(now);
  look_for_lost(now);
  tell_own_failure();
  work();
  if (operation_) return;
  bool closing = false;
  {
    std::unique_lock lock(mutex_);
    // Not before the others know why: the program may have failed and closed since tell_own_failure.
    closing = closing_ && (own_failure_.empty() || !failure_.empty());
    if (!closing && wanted_ == nullptr && own_failure_.empty()) {
      const auto woken = [&] {
        return wanted_ != nullptr || closing_ || !own_failure_.empty() ||
               std::ranges::any_of(peers_, [](const Peer& peer) { return peer.ended && !peer.gone; });
      };
      // Once a rank has ended, naps must not become a loop without rest.
      if (lost_) changed_.wait_for(lock, nap);
      else changed_.wait_for(lock, nap, woken);
    }
  }
  if (closing) say_goodbye();
  else give_up(now);
}

void LinkWorld::hear() {
  while (const std::optional<Note> note = link_->poll()) {
    Peer& peer = peers_[static_cast<std::size_t>(note->from)];
    peer.heard = Clock::now();
    const std::string text = note->text.substr(1);
    const char kind = note->text[0];
    if (kind == goodbye) {
      const std::lock_guard lock(mutex_);
      peer.gone = true;
    }
    if (kind == failed || kind == lost) set_failure(text, kind == lost);
  }
}

void LinkWorld::send_sign_of_life(Clock::time_point now) {
  if (seconds(now - last_sign_) < std::min(0.5, options_.patience / 8)) return;
  last_sign_ = now;
  post_to_all(alive, "");
}

void LinkWorld::look_for_lost(Clock::time_point now) {
  // This process was stopped itself: others may have sent their signs meanwhile.
  if (seconds(now - last_turn_) > options_.patience / 4)
    for (Peer& peer : peers_) peer.heard = now;
  last_turn_ = now;
  if (lost_) return;
  for (int other = 0; other < size_; ++other) {
    bool ended = false;
    {
      const std::lock_guard lock(mutex_);
      const Peer& peer = peers_[static_cast<std::size_t>(other)];
      if (other == rank_ || peer.gone) continue;
      ended = peer.ended;
    }
    if (ended) {
      hear();  // what it has said last
      if (!peers_[static_cast<std::size_t>(other)].gone && failure().empty())
        return lose(text_of_loss(other, has_ended));
    } else if (seconds(now - peers_[static_cast<std::size_t>(other)].heard) > options_.patience) {
      const std::string text = text_of_loss(
          other, fmt::format("no sign of life for {:.3g} s: its process is stopped, or its host or the network is down",
                             options_.patience));
      if (speaks_of(other)) say(text);
      return lose(text);
    }
  }
}

// Whether this rank is the one that prints, so that a line does not come from each.
bool LinkWorld::speaks_of(int lost_rank) const {
  const std::string& own = peers_[static_cast<std::size_t>(rank_)].host;
  for (int other = 0; other < rank_; ++other)
    if (other != lost_rank && peers_[static_cast<std::size_t>(other)].host == own) return false;
  return true;
}

std::string LinkWorld::text_of_loss(int rank, const std::string& reason) const {
  return fmt::format("{}: {}, says rank {}", name(rank), reason, rank_);
}

void LinkWorld::lose(const std::string& text) {
  post_to_all(lost, text);
  set_failure(text, true);
}

void LinkWorld::post_to_all(char kind, const std::string& text) {
  for (int other = 0; other < size_; ++other)
    if (other != rank_) link_->post(other, kind + text);
}

void LinkWorld::set_failure(const std::string& text, bool is_lost) {
  lost_ = lost_ || is_lost;
  {
    const std::lock_guard lock(mutex_);
    if (!failure_.empty()) return;
    failure_ = text;
  }
  failed_ = Clock::now();
  if (witness_) witness_->dismiss();
}

std::string LinkWorld::failure() {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void LinkWorld::tell_own_failure() {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    if (own_failure_.empty() || !failure_.empty()) return;
    text = own_failure_;
  }
  post_to_all(failed, text);
  set_failure(text, false);
}

// Begins the operation that is wanted, or goes on with it.
void LinkWorld::work() {
  const std::string failure = this->failure();
  const Make* make = nullptr;
  {
    const std::lock_guard lock(mutex_);
    make = wanted_;
  }
  if (make == nullptr) return;
  try {
    if (!failure.empty()) return finish(failure);
    if (!operation_) {
      operation_ = (*make)(*link_, number_++);
      began_ = Clock::now();
      idle_ = 0;
      noticed_ = options_.notice;
    }
    for (int i = 0; i < (in_one_process_ ? 1 : eager_turns); ++i)
      if (operation_->advance()) return finish("");
    // Ranks of one process share its cores: 64 threads that loop would leave none to the rank that is awaited.
    if (in_one_process_) ::usleep(shared_nap * static_cast<unsigned>(size_));
    else sched_yield();
    wait_for_others(Clock::now());
  } catch (const std::exception& error) {
    const std::string text = fmt::format("{}: {}", name(rank_), error.what());
    post_to_all(failed, text);
    set_failure(text, false);
  }
}

void LinkWorld::finish(const std::string& failure) {
  if (operation_) bytes_sent_ += operation_->bytes_sent();
  operation_.reset();
  if (!failure.empty()) link_->cancel();
  {
    const std::lock_guard lock(mutex_);
    wanted_ = nullptr;
    succeeded_ = failure.empty();
    done_ = true;
  }
  changed_.notify_all();
}

void LinkWorld::wait_for_others(Clock::time_point now) {
  const std::vector<int> awaited = operation_->awaited();
  for (const int other : awaited) {
    const bool gone = peers_[static_cast<std::size_t>(other)].gone;
    if (gone) recur::fail<StateError>("{} has ended, while this rank waits for it", name(other));
  }
  const double waited = seconds(now - began_);
  if (waited < noticed_ || awaited.empty()) return;
  noticed_ *= 2;
  if (rank_ == 0 || awaited.front() == 0)
    fmt::print(stderr, "recur: {} has waited {:.0f} s for {}, which is alive but computing or waiting elsewhere\n",
               name(rank_), waited, name(awaited.front()));
}

void LinkWorld::say_goodbye() {
  const Clock::time_point now = Clock::now();
  if (!said_goodbye_) {
    said_goodbye_ = true;
    closing_since_ = now;
    if (witness_) witness_->dismiss();
    post_to_all(goodbye, "");
  }
  bool all = true;
  for (int other = 0; other < size_; ++other)
    all = all && (other == rank_ || peers_[static_cast<std::size_t>(other)].gone);
  const bool parted = !failure().empty() && seconds(now - closing_since_) > parting;
  if (!all && !parted) {
    ::usleep(200);
    return;
  }
  link_->end(all && !lost_);
  ended_ = true;
}

// Ends a process that computes on after a failure.
void LinkWorld::give_up(Clock::time_point now) {
  const std::string text = failure();
  if (text.empty()) return;
  bool told = false;
  {
    const std::lock_guard lock(mutex_);
    told = told_;
  }
  if (seconds(now - failed_) < (told ? ending : lost_ ? computing : options_.patience)) return;
  if (in_one_process_) return;
  fmt::print(stderr, "recur: {} is ended in the middle of a computation: {}\n", name(rank_), text);
  std::fflush(stderr);
  link_->end(false);
  ::_exit(1);
}

}  // namespace recur::distributed
