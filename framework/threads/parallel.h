#pragma once

#include <recur/framework/autodiff/settle.h>
#include <recur/framework/recurrence/row_queue.h>
#include <recur/framework/tensor/shape.h>

namespace recur {

/// Sets how many threads large operations may use. The default is OpenMP's own: OMP_NUM_THREADS, or one for each core.
/// @throws ValueError for less than 1.
void set_threads(int count);
/// How many threads a large operation started here may use.
[[nodiscard]] int threads();

/// How many of `threads()` are worth using for `count` items of `work_per_item` arithmetic operations each: 1 inside a
/// parallel region and where handing out the work would cost more than it gains.
[[nodiscard]] int useful_threads(Index count, Index work_per_item);

namespace detail {

/// A callable without its type.
struct Task {
  void (*run)(void* body, Index item);
  void* body;
};
void run_on_team(Index count, Index work_per_item, Task task);
void run_with_team(Index operations, Task task);

/// The phase that an operation on so many rows may join (row_local.h). 0 if it is to be done otherwise; then everything before it
/// has been done.
[[nodiscard]] std::uint64_t row_phase(Index rows, Index work_per_row);
/// Whether it will be other than 0 whatever came before. Sums over rows are shared only then: their bits depend on it.
[[nodiscard]] bool always_by_rows(Index rows, Index work_per_row);
/// Whether memory may still be in use by operations of the phase with this number.
[[nodiscard]] bool in_row_phase(std::uint64_t phase);
/// How many threads share the rows then.
[[nodiscard]] int row_members();
/// The queue of the other threads, and what this one does of a task in it. Only after `row_phase` was not 0.
[[nodiscard]] RowQueue& row_queue();
void run_own_rows(const RowTask& task);

}  // namespace detail

/// Calls `body(i)` for all i in [0, count), on several threads when the work is large. Which thread takes which items is left
/// to chance, so the result of an item must depend on that item alone. `body` must not throw.
template <class Body>
void parallel_for(Index count, Index work_per_item, Body body) {
  if (useful_threads(count, work_per_item) <= 1) {
    for (Index i = 0; i < count; ++i) body(i);
    return;
  }
  detail::run_on_team(count, work_per_item, {[](void* self, Index i) { (*static_cast<Body*>(self))(i); }, &body});
}

/// Calls `body()` on this thread with the other threads standing by, so that handing them a part of an operation
/// (`parallel_for` inside `body`) costs a fraction of a microsecond: for code that does many small operations one after the
/// other, as a recurrence does. About how many these are is `operations`: for a few, calling the team costs more than it
/// gains, and `body()` is done without. What `body` throws comes out of here.
template <class Body>
void with_team(Index operations, Body body) {
  detail::run_with_team(operations, {[](void* self, Index) { (*static_cast<Body*>(self))(); }, &body});
}

}  // namespace recur
