#include <recur/framework/threads/team.h>

#include <recur/framework/threads/spin_wait.h>

namespace recur::detail {
namespace {

constexpr int chunk_bits = 20;
constexpr std::uint64_t chunk_mask = (std::uint64_t{1} << chunk_bits) - 1;
constexpr std::uint64_t job_mask = (std::uint64_t{1} << (64 - 2 * chunk_bits)) - 1;

std::uint64_t pack(std::uint64_t job, std::uint64_t first, std::uint64_t last) {
  return (job & job_mask) << (2 * chunk_bits) | first << chunk_bits | last;
}

constexpr Index none = -1;

// The first chunk left of a member's own, or the last of another's.
Index take(std::atomic<std::uint64_t>& word, std::uint64_t job, bool own) {
  std::uint64_t seen = word.load(std::memory_order_acquire);
  while (true) {
    const std::uint64_t first = seen >> chunk_bits & chunk_mask;
    const std::uint64_t last = seen & chunk_mask;
    if (seen >> (2 * chunk_bits) != (job & job_mask) || first >= last) return none;
    const std::uint64_t rest = own ? pack(job, first + 1, last) : pack(job, first, last - 1);
    if (word.compare_exchange_weak(seen, rest, std::memory_order_acq_rel, std::memory_order_acquire))
      return static_cast<Index>(own ? first : last - 1);
  }
}

}  // namespace

void Team::work(std::uint64_t job, int member) {
  Index done = 0;
  for (int offset = 0; offset < size_; ++offset) {
    auto& word = ranges_[static_cast<std::size_t>((member + offset) % size_)].word;
    for (Index chunk = take(word, job, offset == 0); chunk != none; chunk = take(word, job, offset == 0)) {
      task_.run(task_.body, chunk);  // stays as it is until this chunk is counted as finished
      ++done;
    }
  }
  // Once for all: the line with the count travels from processor to processor.
  if (done > 0) unfinished_.fetch_sub(done, std::memory_order_acq_rel);
}

void Team::run(Index chunks, Task task) {
  const std::uint64_t job = job_.load(std::memory_order_relaxed) + 1;
  task_ = task;
  unfinished_.store(chunks, std::memory_order_relaxed);
  for (int m = 0; m < size_; ++m)
    ranges_[static_cast<std::size_t>(m)].word.store(
        pack(job, static_cast<std::uint64_t>(m * chunks / size_), static_cast<std::uint64_t>((m + 1) * chunks / size_)),
        std::memory_order_release);
  job_.store(job, std::memory_order_release);
  work(job, 0);
  for (SpinWait wait; unfinished_.load(std::memory_order_acquire) != 0;) wait();
}

void Team::close() { closed_.store(true, std::memory_order_release); }

void Team::serve(int member) {
  std::uint64_t last = 0;
  for (SpinWait wait; !closed_.load(std::memory_order_acquire);) {
    if (rows_.serve(member)) {
      wait = SpinWait();
      continue;
    }
    const std::uint64_t job = job_.load(std::memory_order_acquire);
    if (job == last) {
      wait();
      continue;
    }
    work(job, member);
    last = job;
    wait = SpinWait();
  }
}

}  // namespace recur::detail
