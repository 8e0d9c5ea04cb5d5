#include <recur/framework/recurrence/row_queue.h>

#include <recur/framework/threads/spin_wait.h>

namespace recur::detail {

void RowQueue::wait_until_done(std::uint64_t count) {
  for (int m = 1; m < members_; ++m) {
    const auto& done = done_[static_cast<std::size_t>(m)].value;
    for (SpinWait wait; done.load(std::memory_order_acquire) < count;) wait();
  }
  known_done_ = count;
}

RowTask& RowQueue::next() {
  if (next_ - known_done_ >= capacity) wait_until_done(next_ - capacity / 2);
  return slots_[next_ % capacity].task;
}

void RowQueue::publish() {
  posted_.store(++next_, std::memory_order_release);
  // The next one's lines come from the others' caches meanwhile.
  const auto* const next = reinterpret_cast<const std::byte*>(&slots_[next_ % capacity]);
  for (std::size_t at = 0; at < sizeof(Slot); at += 64) __builtin_prefetch(next + at, 1);
}

void RowQueue::settle() {
  ++phase_;
  if (!pending()) return;
  wait_until_done(next_);
  settled_ = next_;
}

std::uint64_t RowQueue::join(Index rows) {
  if (pending() && rows != rows_) settle();
  rows_ = rows;
  return phase_;
}

bool RowQueue::serve(int member) {
  auto& done = done_[static_cast<std::size_t>(member)].value;
  const std::uint64_t at = done.load(std::memory_order_relaxed);
  if (at == posted_.load(std::memory_order_acquire)) return false;
  slots_[at % capacity].task.run_share(member, members_);
  done.store(at + 1, std::memory_order_release);
  return true;
}

}  // namespace recur::detail
