#include <recur/framework/threads/back_off.h>

#include <algorithm>

namespace recur::detail {
namespace {

// Working alone for so many times the time lost bounds what waiting costs to an eighth.
constexpr int pause_per_loss = 8;
constexpr BackOff::Clock::duration longest_pause = std::chrono::seconds(1);

}  // namespace

bool BackOff::alone() {
  if (pause_ == Clock::duration::zero()) return false;
  const auto now = Clock::now();
  if (now < until_) return true;
  if (now - until_ > pause_) pause_ = Clock::duration::zero();  // nothing lost for as long as the pause was
  return false;
}

void BackOff::lost(Clock::duration time) {
  pause_ = std::min(std::max(pause_per_loss * time, 2 * pause_), longest_pause);
  until_ = Clock::now() + pause_;
}

}  // namespace recur::detail
