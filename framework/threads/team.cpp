#include <recur/framework/threads/team.h>

#include <recur/framework/threads/denormals.h>
#include <recur/framework/threads/processors.h>
#include <recur/framework/threads/spin.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <system_error>

#include <pthread.h>

namespace recur::detail {
namespace {

using namespace std::chrono_literals;
using Clock = BackOff::Clock;

// The next job of a recurrence comes within some ten microseconds, the next pass within some more. To wake a sleeping
// thread takes about as long as a thread spins in vain.
constexpr Clock::duration spin_between_jobs = 200us;
constexpr Clock::duration spin_after_job = 50us;
constexpr Clock::duration leader_spin = 50us;
// Interrupts and page faults cost less, and say nothing of other programs.
constexpr Clock::duration least_loss = 50us;

constexpr int chunk_bits = 20;
constexpr std::uint64_t chunk_mask = (std::uint64_t{1} << chunk_bits) - 1;

std::uint64_t pack(std::uint64_t job, Index first, Index last) {
  return job << (2 * chunk_bits) | static_cast<std::uint64_t>(first) << chunk_bits | static_cast<std::uint64_t>(last);
}

// Of the job's number, what a word has room for.
std::uint64_t tag(std::uint64_t word) { return word >> (2 * chunk_bits); }

constexpr Index none = -1;

// The first chunk left of a member's own, or the last of another's.
Index take(std::atomic<std::uint64_t>& word, std::uint64_t job, bool own) {
  std::uint64_t seen = word.load(std::memory_order_acquire);
  while (true) {
    const auto first = static_cast<Index>(seen >> chunk_bits & chunk_mask);
    const auto last = static_cast<Index>(seen & chunk_mask);
    if (tag(seen) != job || first >= last) return none;
    const std::uint64_t rest = own ? pack(job, first + 1, last) : pack(job, first, last - 1);
    if (word.compare_exchange_weak(seen, rest, std::memory_order_acq_rel, std::memory_order_acquire))
      return own ? first : last - 1;
  }
}

// Processor time that this thread has had.
Clock::duration processor_time() {
  std::timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::atomic<Team*>& process_team() {
  static std::atomic<Team*> team{nullptr};
  return team;
}

}  // namespace

/// What a thread does around its chunks of a job: flushes denormals if the leader does, and measures its processor
/// time.
class Team::Shift {
 public:
  Shift(Team& team, bool measured)
      : team_(team), mode_(team.flush_), measured_(measured), begin_(measured ? processor_time() : Clock::duration{}) {}
  ~Shift() {
    if (measured_) team_.processor_time_.fetch_add((processor_time() - begin_).count(), std::memory_order_relaxed);
  }
  Shift(const Shift&) = delete;
  Shift& operator=(const Shift&) = delete;

 private:
  Team& team_;
  DenormalMode mode_;
  bool measured_;
  Clock::duration begin_;
};

// The memory is never given back, so that threads that outlive main() find a closed team.
Team& Team::of_process() {
  struct Owner {
    Owner() {
      process_team().store(team);
      ::pthread_atfork(nullptr, nullptr, [] { process_team().load()->abandon(); });
    }
    ~Owner() { team->close(); }
    Team* team = new Team;
  };
  static Owner owner;
  return *owner.team;
}

// In a child of fork(), which has a copy of the team's memory but none of its threads.
void Team::abandon() {
  abandoned_.store(true, std::memory_order_relaxed);
  closed_.store(true, std::memory_order_relaxed);
}

void Team::close() {
  if (abandoned_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(threads_mutex_);
  closed_.store(true, std::memory_order_seq_cst);
  for (int m = 1; m < size_.load(std::memory_order_relaxed); ++m) wake_if_asleep(member(m));
  for (std::thread& thread : threads_) {
    if (thread.get_id() == std::this_thread::get_id()) thread.detach();  // a chunk has called exit()
    else thread.join();
  }
  threads_.clear();
}

// Returns how many threads there are for a job that wants so many: fewer if the system gives no more.
int Team::grow(int threads) {
  const int size = size_.load(std::memory_order_relaxed);
  if (threads <= size) return threads;
  const std::lock_guard lock(threads_mutex_);
  if (closed_.load(std::memory_order_relaxed)) return 1;
  for (int m = size; m < threads; ++m) {
    const std::uint64_t last = tag(member(m).chunks.load(std::memory_order_relaxed));
    try {
      threads_.emplace_back([this, m, last] { serve(m, last); });
    } catch (const std::system_error&) {
      return m;
    }
    size_.store(m + 1, std::memory_order_relaxed);
  }
  return threads;
}

void Team::run(const Job& job) {
  const bool alone = closed_.load(std::memory_order_relaxed) || back_off_.alone();
  const int threads = alone ? 1 : grow(static_cast<int>(std::min<Index>(job.threads, job.chunks)));
  if (threads <= 1) {
    for (Index chunk = 0; chunk < job.chunks; ++chunk) job.task.run(job.task.body, chunk);
    return;
  }
  const auto begin = Clock::now();
  publish(job, threads);
  const Index own_chunks = work(0, tag(pack(job_, 0, 0)));
  const auto finished = [&] { return unfinished_.load(std::memory_order_acquire) == 0; };
  if (!spin(finished, spin_time(leader_spin))) wait_for_members(begin, own_chunks, job.chunks);
}

void Team::publish(const Job& job, int threads) {
  const std::uint64_t number = tag(pack(++job_, 0, 0));
  task_ = job.task;
  flush_ = thread_flushes_denormals();
  long_chunks_ = job.long_chunks;
  processor_time_.store(0, std::memory_order_relaxed);
  unfinished_.store(job.chunks, std::memory_order_relaxed);
  if (threads != threads_of_job_.load(std::memory_order_relaxed)) {
    threads_of_job_.store(threads, std::memory_order_relaxed);
    crowded_.store(threads > usable_processors(), std::memory_order_relaxed);
  }
  for (int m = 0; m < threads; ++m)
    member(m).chunks.store(pack(number, m * job.chunks / threads, (m + 1) * job.chunks / threads),
                           std::memory_order_seq_cst);
  for (int m = 1; m < threads; ++m) wake_if_asleep(member(m));
}

// A member says that it sleeps before it looks for a job a last time, and the leader looks whether it sleeps after the
// job is there. Both are sequentially consistent, so that one of them sees what the other did.
void Team::wake_if_asleep(Member& member) {
  if (!member.asleep.load(std::memory_order_seq_cst)) return;
  { const std::lock_guard lock(member.mutex); }  // now it waits, or has seen the job
  member.wake.notify_one();
}

// Returns how many chunks this thread did.
Index Team::work(int number, std::uint64_t job) {
  const int threads = threads_of_job_.load(std::memory_order_relaxed);
  std::optional<Shift> shift;
  Index done = 0;
  for (int offset = 0; offset < threads; ++offset) {
    auto& chunks = member((number + offset) % threads).chunks;
    for (Index chunk = take(chunks, job, offset == 0); chunk != none; chunk = take(chunks, job, offset == 0)) {
      if (!shift) shift.emplace(*this, long_chunks_ && number != 0);
      task_.run(task_.body, chunk);
      ++done;
    }
  }
  shift.reset();
  if (done > 0) count_finished(done);
  return done;
}

// Once for all chunks of a thread: the line with the count travels from processor to processor.
void Team::count_finished(Index chunks) {
  if (unfinished_.fetch_sub(chunks, std::memory_order_seq_cst) != chunks) return;
  if (!leader_asleep_.load(std::memory_order_seq_cst)) return;
  { const std::lock_guard lock(finished_mutex_); }
  finished_.notify_one();
}

void Team::wait_for_members(Clock::time_point begin, Index own_chunks, Index chunks) {
  const auto worked = Clock::now();
  {
    std::unique_lock lock(finished_mutex_);
    leader_asleep_.store(true, std::memory_order_seq_cst);
    finished_.wait(lock, [&] { return unfinished_.load(std::memory_order_seq_cst) == 0; });
    leader_asleep_.store(false, std::memory_order_relaxed);
  }
  if (own_chunks == 0) return;
  // What the leader would have needed for the others' chunks: as long as for its own, or as long as the others were at
  // work.
  const auto alike = (worked - begin) / own_chunks * (chunks - own_chunks);
  const auto alone = std::max<Clock::duration>(alike, std::chrono::nanoseconds(processor_time_.load()));
  const auto lost = (Clock::now() - worked) - alone;
  if (lost > least_loss) back_off_.lost(lost);
}

Clock::duration Team::spin_time(Clock::duration time) const {
  return crowded_.load(std::memory_order_relaxed) ? Clock::duration::zero() : time;
}

// Returns false if the team is closed.
bool Team::wait_for_job(Member& self, std::uint64_t last) {
  const auto called = [&] {
    return tag(self.chunks.load(std::memory_order_seq_cst)) != last || closed_.load(std::memory_order_seq_cst);
  };
  const auto time = awake_.load(std::memory_order_relaxed) ? spin_between_jobs : spin_after_job;
  if (!spin(called, spin_time(time))) {
    std::unique_lock lock(self.mutex);
    self.asleep.store(true, std::memory_order_seq_cst);
    self.wake.wait(lock, called);
    self.asleep.store(false, std::memory_order_relaxed);
  }
  return !closed_.load(std::memory_order_relaxed);
}

void Team::serve(int number, std::uint64_t last) {
  Member& self = member(number);
  while (wait_for_job(self, last)) {
    last = tag(self.chunks.load(std::memory_order_acquire));
    work(number, last);
  }
}

}  // namespace recur::detail
