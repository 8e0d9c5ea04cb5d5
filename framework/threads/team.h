#pragma once

#include <recur/framework/recurrence/row_queue.h>
#include <recur/framework/threads/parallel.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace recur::detail {

/// Threads of one OpenMP region, one of which (the leader) goes on with the program and hands out jobs while the others wait
/// for them, spinning.
///
/// The chunks of a job are dealt out evenly; who is done with its own takes others'. So the leader does the chunks of a thread
/// that the operating system has given no processor, and waits only for one that lost it in the middle of a chunk.
class Team {
 public:
  static constexpr int most_threads = RowQueue::most_members;

  /// Leader, before all else: how many threads have come, itself included.
  void begin(int size) {
    size_ = size;
    rows_.begin(size);
  }
  [[nodiscard]] int size() const { return size_; }
  /// Leader: does all chunks, less than 2^20, with whatever help there is.
  void run(Index chunks, Task task);
  /// Leader: tasks that are done by rows, in order, beside those of `run`; they must be settled before it.
  [[nodiscard]] RowQueue& rows() { return rows_; }
  /// Leader: lets the others go.
  void close();
  /// The others: work until `close`.
  void serve(int member);

 private:
  /// The chunks a member has not begun yet: job, first, one past the last, in one word that changes as a whole. The number
  /// of the job keeps a thread that comes late from taking chunks of another job than it thinks.
  struct alignas(64) Range {
    std::atomic<std::uint64_t> word{0};
  };
  void work(std::uint64_t job, int member);

  alignas(64) std::atomic<std::uint64_t> job_{0};
  std::atomic<bool> closed_{false};
  Task task_{};
  alignas(64) std::atomic<Index> unfinished_{0};
  std::array<Range, most_threads> ranges_;
  RowQueue rows_;
  int size_ = 1;
};

}  // namespace recur::detail
