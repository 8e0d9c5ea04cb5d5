#pragma once

#include <recur/framework/tensor/shape.h>
#include <recur/framework/threads/task.h>
#include <recur/framework/threads/thread_count.h>

namespace recur {

/// Returns how many of `threads()` are worth using for `count` items of `work_per_item` arithmetic operations each: 1
/// if handing out the work would cost more than it gains, and inside an item or a share. The number depends on nothing
/// else, so that what is divided by it is divided alike each time.
[[nodiscard]] int useful_threads(Index count, Index work_per_item);

/// Returns how many of `threads()` are worth using for a whole pass of so many arithmetic operations, if each thread
/// takes a share of it (`run_shares`). All of them if `set_threads` or OMP_NUM_THREADS chose their number.
[[nodiscard]] int threads_for_pass(Index operations);

namespace detail {

/// Returns true inside an item of `parallel_for` that was handed out, or a share of `run_shares`. Nothing is divided
/// further there.
[[nodiscard]] bool inside_share();

void run_on_team(Index count, Index work_per_item, Task task);
void run_shares_on_team(Index shares, Task task);
void run_with_team(Index operations, Task task);

}  // namespace detail

/// Calls `body(i)` for all i in [0, count), on several threads if the work is large. Which thread takes which items is
/// left to chance, so the result of an item must depend on that item alone. If items throw, the exception of the lowest
/// is thrown when all that were begun have finished. Items may then have been left out, as they are by a loop.
template <class Body>
void parallel_for(Index count, Index work_per_item, Body body) {
  if (useful_threads(count, work_per_item) <= 1) {
    for (Index i = 0; i < count; ++i) body(i);
    return;
  }
  detail::run_on_team(count, work_per_item, detail::task_of(body));
}

/// Calls `body(share)` once for each share in [0, shares), for shares of 100 us or more: what one thread can do of a
/// pass without meeting the others. Which thread carries out which share is left to chance, and how many threads do so
/// depends on what else the machine does; the caller takes shares that no other thread has begun. Denormals are flushed
/// as in every pass (denormals.h). If shares throw, the exception of the lowest is thrown when all have finished.
template <class Body>
void run_shares(Index shares, Body body) {
  detail::run_shares_on_team(shares, detail::task_of(body));
}

/// Calls `body()` on this thread with the other threads standing by, so that handing them a part of an operation
/// (`parallel_for` inside `body`) costs a fraction of a microsecond: for code that does many small operations one after
/// the other, as a recurrence does. About how many these are is `operations`; for a few, small operations are not worth
/// the other threads and stay on this one. Denormals are flushed as in every pass (denormals.h). What `body` throws
/// comes out of here.
///
/// One thread at a time has the others standing by. Another thread's operations are divided alike, but it does all
/// parts itself.
template <class Body>
void with_team(Index operations, Body body) {
  const auto ignoring = [&](Index) { body(); };
  detail::run_with_team(operations, detail::task_of(ignoring));
}

}  // namespace recur
