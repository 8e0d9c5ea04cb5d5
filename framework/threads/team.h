#pragma once

#include <recur/framework/threads/back_off.h>
#include <recur/framework/threads/task.h>
#include <recur/framework/threads/thread_count.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace recur::detail {

/// A number of chunks, each of which is to be done once.
struct Job {
  Task task;         ///< Does the chunk with a number. Must not throw.
  Index chunks;      ///< Less than 2^20.
  int threads;       ///< How many may work on it, the leader included.
  bool long_chunks;  ///< Chunks take some 100 us or more, so that it pays to measure their processor time.
};

/// Threads that live as long as the process and help one thread at a time, the leader, with its jobs. The chunks of a
/// job are dealt out evenly, and a thread that is done with its own takes others'. So the leader does the chunks of a
/// member that has not begun them (one that sleeps, or has no processor) and waits only for chunks that others have
/// begun.
///
/// After a job members spin for a moment, ready for the next one, and then sleep. A leader that waited longer for
/// members than it would have worked alone does its next jobs alone (back_off.h).
class Team {
 public:
  Team() = default;
  ~Team() { close(); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// Returns the team of the process. It is one for all because processors are: with a team for each user they would
  /// compete. Its threads start when a job first needs them and are joined at exit. A child of fork() has none and does
  /// its jobs alone.
  [[nodiscard]] static Team& of_process();

  /// Makes the calling thread the leader, unless another thread is. Never waits.
  [[nodiscard]] bool try_lead() { return !led_.exchange(true, std::memory_order_acquire); }
  void stop_leading() { led_.store(false, std::memory_order_release); }

  /// Leader: does all chunks, with whatever help there is.
  void run(const Job& job);
  /// Leader: lets members spin longer between jobs, for jobs that follow each other closely.
  void stay_awake(bool on) { awake_.store(on, std::memory_order_relaxed); }
  /// Ends the members after the chunks that they have begun. Leaders then work alone.
  void close();

 private:
  struct alignas(64) Member {
    /// The chunks not begun: job, first, one past the last, in one word that changes as a whole. The number of the job
    /// keeps a thread that comes late from taking chunks of another job than it thinks.
    std::atomic<std::uint64_t> chunks{0};
    alignas(64) std::atomic<bool> asleep{false};
    std::mutex mutex;
    std::condition_variable wake;
  };
  class Shift;

  [[nodiscard]] Member& member(int number) { return members_[static_cast<std::size_t>(number)]; }
  [[nodiscard]] int grow(int threads);
  void publish(const Job& job, int threads);
  Index work(int number, std::uint64_t job);
  void count_finished(Index chunks);
  void wait_for_members(BackOff::Clock::time_point begin, Index own_chunks, Index chunks);
  void serve(int number, std::uint64_t last);
  [[nodiscard]] bool wait_for_job(Member& self, std::uint64_t last);
  [[nodiscard]] BackOff::Clock::duration spin_time(BackOff::Clock::duration time) const;
  static void wake_if_asleep(Member& member);
  void abandon();

  // The job. Written before its chunks are dealt out, and read by threads that have taken one, until it is counted as
  // finished.
  Task task_{};
  bool flush_ = false;
  bool long_chunks_ = false;
  std::uint64_t job_ = 0;  // the leader's
  BackOff back_off_;       // the leader's
  alignas(64) std::atomic<bool> awake_{false};
  std::atomic<bool> crowded_{false};  // more threads than processors: a thread that spins keeps another from its work
  std::atomic<bool> closed_{false};
  std::atomic<bool> abandoned_{false};
  std::atomic<int> threads_of_job_{1};
  alignas(64) std::atomic<Index> unfinished_{0};
  std::atomic<std::int64_t> processor_time_{0};  // nanoseconds that members had for long chunks
  std::atomic<bool> leader_asleep_{false};
  std::mutex finished_mutex_;
  std::condition_variable finished_;
  alignas(64) std::atomic<bool> led_{false};
  std::array<Member, most_threads> members_;  // the first is the leader's
  std::atomic<int> size_{1};                  // members that there are, the leader included
  std::mutex threads_mutex_;
  std::vector<std::thread> threads_;
};

}  // namespace recur::detail
