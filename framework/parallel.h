#pragma once

#include <recur/framework/shape.h>

#include <omp.h>

namespace recur {

/// Sets how many threads large operations may use. The default is OpenMP's own: OMP_NUM_THREADS, or one for each core.
/// @throws ValueError for less than 1.
void set_threads(int count);
/// How many threads a large operation started here may use.
[[nodiscard]] int threads();

/// How many of `threads()` are worth using for `count` items of `work_per_item` arithmetic operations each: 1 inside a
/// parallel region and where starting threads would cost more than they gain.
[[nodiscard]] int useful_threads(Index count, Index work_per_item);

/// Calls `body(i)` for all i in [0, count), on several threads when the work is large. Each thread gets one contiguous range,
/// so that the result does not depend on scheduling. `body` must not throw.
template <class Body>
void parallel_for(Index count, Index work_per_item, Body body) {
  const int team = useful_threads(count, work_per_item);
  if (team <= 1) {
    for (Index i = 0; i < count; ++i) body(i);
    return;
  }
#pragma omp parallel for schedule(static) num_threads(team)
  for (Index i = 0; i < count; ++i) body(i);
}

}  // namespace recur
