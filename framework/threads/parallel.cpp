#include <recur/framework/threads/parallel.h>

#include <recur/framework/threads/denormals.h>
#include <recur/framework/threads/team.h>

#include <omp.h>

#include <algorithm>
#include <exception>

namespace recur {
namespace {

// Operations below which one thread has finished by the time others have begun: where a team stands by, and where it would
// have to be called first.
constexpr double least_work_of_team = 2e5;
constexpr double least_work = 4e6;
// Fewer than this in a chunk and taking it would cost as much as doing it.
constexpr double least_work_of_chunk = 3e5;
constexpr int chunks_per_thread = 6;
// Handing out rows costs little, waiting for them a little more. Large operations are better off with chunks, which others take
// over from a thread that has lost its processor.
constexpr double least_work_of_rows = 3e4;
constexpr double most_work_of_rows = 1e8;
// Calling a team and sending it home costs microseconds.
constexpr Index least_operations = 32;

/// The team whose leader this thread is. Operations find it here rather than be handed it through every layer.
thread_local detail::Team* standing_by = nullptr;

class Lead {
 public:
  explicit Lead(detail::Team* team) : before_(standing_by) { standing_by = team; }
  ~Lead() { standing_by = before_; }
  Lead(const Lead&) = delete;
  Lead& operator=(const Lead&) = delete;

 private:
  detail::Team* before_;
};

/// Counts denormals as zeros, or not, for a while: the threads of a team as the one that leads it.
class DenormalsFor {
 public:
  explicit DenormalsFor(bool flush) : before_(flushes_denormals()) { flush_denormals(flush); }
  ~DenormalsFor() { flush_denormals(before_); }
  DenormalsFor(const DenormalsFor&) = delete;
  DenormalsFor& operator=(const DenormalsFor&) = delete;

 private:
  bool before_;
};

/// Some consecutive items of a task.
struct Chunks {
  detail::Task task;
  Index items;
  Index chunks;

  void run(Index chunk) const {
    for (Index i = chunk * items / chunks; i < (chunk + 1) * items / chunks; ++i) task.run(task.body, i);
  }
};

}  // namespace

void set_threads(int count) {
  require<ValueError>(count >= 1, "set_threads: {} threads, need at least 1", count);
  omp_set_num_threads(count);
}

int threads() { return omp_get_max_threads(); }

int useful_threads(Index count, Index work_per_item) {
  const double work = static_cast<double>(count) * static_cast<double>(work_per_item);
  if (count <= 1 || work < (standing_by == nullptr ? least_work : least_work_of_team)) return 1;
  const int most = standing_by != nullptr ? standing_by->size() : omp_in_parallel() != 0 ? 1 : threads();
  return static_cast<int>(std::min<Index>(most, count));
}

void detail::run_on_team(Index count, Index work_per_item, Task task) {
  if (standing_by == nullptr) {
    with_team(least_operations, [&] { run_on_team(count, work_per_item, task); });
    return;
  }
  Team& team = *standing_by;
  team.rows().settle();
  const double work = static_cast<double>(count) * static_cast<double>(work_per_item);
  // As many for each thread, which thus begins with the same share of as many items every time.
  const double wanted = std::clamp<double>(work / least_work_of_chunk / team.size(), 1, chunks_per_thread);
  Chunks chunks{task, count, std::min(count, static_cast<Index>(wanted) * team.size())};
  const Lead nobody(nullptr);  // what the items do is not divided further
  team.run(chunks.chunks, {[](void* self, Index chunk) { static_cast<const Chunks*>(self)->run(chunk); }, &chunks});
}

void detail::run_with_team(Index operations, Task task) {
  const int size = std::min(threads(), Team::most_threads);
  if (operations < least_operations || size == 1 || standing_by != nullptr || omp_in_parallel() != 0) {
    task.run(task.body, 0);
    return;
  }
  Team team;
  std::exception_ptr thrown;
  const bool flush = flushes_denormals();
#pragma omp parallel num_threads(size)
  {
    if (omp_get_thread_num() != 0) {
      const DenormalsFor alike(flush);
      team.serve(omp_get_thread_num());
    } else {
      team.begin(omp_get_num_threads());
      const Lead lead(&team);
      try {
        task.run(task.body, 0);
      } catch (...) {
        thrown = std::current_exception();
      }
      team.rows().settle();
      team.close();
    }
  }
  if (thrown) std::rethrow_exception(thrown);
}

void detail::settle_rows() {
  if (standing_by != nullptr) standing_by->rows().settle();
}

std::uint64_t detail::row_phase(Index rows, Index work_per_row) {
  if (standing_by == nullptr) return 0;
  RowQueue& queue = standing_by->rows();
  const double work = static_cast<double>(rows) * static_cast<double>(work_per_row);
  if (standing_by->size() > 1 && rows >= standing_by->size() && work <= most_work_of_rows &&
      (work >= least_work_of_rows || queue.pending()))
    return queue.join(rows);
  queue.settle();
  return 0;
}

int detail::row_members() { return standing_by == nullptr ? 1 : standing_by->size(); }

bool detail::always_by_rows(Index rows, Index work_per_row) {
  const double work = static_cast<double>(rows) * static_cast<double>(work_per_row);
  return row_members() > 1 && rows >= row_members() && work >= least_work_of_rows && work <= most_work_of_rows;
}

bool detail::in_row_phase(std::uint64_t phase) {
  return standing_by != nullptr && standing_by->rows().pending() && standing_by->rows().phase() == phase;
}

detail::RowQueue& detail::row_queue() { return standing_by->rows(); }

void detail::run_own_rows(const RowTask& task) {
  const int members = standing_by->size();
  const Lead nobody(nullptr);  // what a row needs is done by the thread that has it
  task.run_share(0, members);
}

}  // namespace recur
