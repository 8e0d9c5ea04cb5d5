#include <recur/framework/parallel.h>

#include <algorithm>

namespace recur {
namespace {

// Starting and joining a team costs some microseconds; below this many operations one thread has finished by then.
constexpr double least_work = 4e6;

}  // namespace

void set_threads(int count) {
  require<ValueError>(count >= 1, "set_threads: {} threads, need at least 1", count);
  omp_set_num_threads(count);
}

int threads() { return omp_get_max_threads(); }

int useful_threads(Index count, Index work_per_item) {
  if (count <= 1 || static_cast<double>(count) * static_cast<double>(work_per_item) < least_work) return 1;
  return omp_in_parallel() != 0 ? 1 : static_cast<int>(std::min<Index>(threads(), count));
}

}  // namespace recur
