#pragma once

#include <recur/framework/tensor/shape.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace recur::detail {

/// An operation each row of whose result needs the same row of its operands alone: a plain closure without its type, kept here.
/// It is called with the rows to do, (first, count), or with the number of the thread before these.
struct RowTask {
  static constexpr std::size_t most_bytes = 160;

  void (*run)(const void* body, int member, Index first, Index count) = nullptr;
  Index rows = 0;
  alignas(16) std::array<std::byte, most_bytes> body;

  template <class Body>
  void set(Index rows_, const Body& closure) {
    static_assert(std::is_trivially_copyable_v<Body> && sizeof(Body) <= most_bytes && alignof(Body) <= 16,
                  "RowTask: hold views and numbers only");
    run = [](const void* self, [[maybe_unused]] int member, Index first, Index count) {
      const Body& call = *static_cast<const Body*>(self);
      if constexpr (std::is_invocable_v<const Body&, int, Index, Index>) call(member, first, count);
      else call(first, count);
    };
    rows = rows_;
    std::memcpy(body.data(), &closure, sizeof(Body));
  }
  /// The share of one of `members` threads, the same in all tasks with as many rows.
  void run_share(int member, int members) const {
    const Index first = member * rows / members;
    const Index last = (member + 1) * rows / members;
    if (first < last) run(body.data(), member, first, last - first);
  }
};

/// Tasks on their way from one thread, the leader, to others, each of which does its own rows of every one of them in the order
/// they were posted. So tasks that follow each other row by row need no waiting in between.
///
/// Between two times that the leader waits for the others (`settle`) lies a phase. All tasks of a phase have as many rows, of
/// which a thread has the same in each.
class RowQueue {
 public:
  static constexpr int most_members = 64;

  /// Leader, before all else: how many there are, itself included.
  void begin(int members) { members_ = members; }
  /// Leader: hands a task to the others. It is there to be done by the leader too, until the next one. Waits while they are too far
  /// behind.
  template <class Body>
  const RowTask& post(Index rows, const Body& body) {
    RowTask& task = next();
    task.set(rows, body);
    publish();
    return task;
  }
  /// Leader: waits until all is done that was posted.
  void settle();
  /// Leader: whether something was posted in this phase.
  [[nodiscard]] bool pending() const { return next_ != settled_; }
  /// Leader: the number, never 0, of the phase that a task with so many rows would be part of; begins one if need be.
  [[nodiscard]] std::uint64_t join(Index rows);
  [[nodiscard]] std::uint64_t phase() const { return phase_; }
  /// The others: does this member's rows of the next task. False if there is none.
  bool serve(int member);

 private:
  static constexpr std::uint64_t capacity = 64;
  struct alignas(64) Slot {
    RowTask task;
  };
  struct alignas(64) Count {
    std::atomic<std::uint64_t> value{0};
  };
  [[nodiscard]] RowTask& next();
  void publish();
  void wait_until_done(std::uint64_t count);

  alignas(64) std::atomic<std::uint64_t> posted_{0};
  std::array<Count, most_members> done_;  // of each member
  std::array<Slot, capacity> slots_;
  // The leader's:
  alignas(64) std::uint64_t next_ = 0;
  std::uint64_t settled_ = 0;
  std::uint64_t known_done_ = 0;  // by everybody
  std::uint64_t phase_ = 1;
  Index rows_ = 0;
  int members_ = 1;
};

}  // namespace recur::detail
