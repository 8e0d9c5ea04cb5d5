#pragma once

namespace recur {

/// The greatest number that `set_threads` takes.
inline constexpr int most_threads = 1024;

/// Sets how many threads this process may use for one operation or one pass. The number holds for the whole process,
/// whichever thread sets it, and from the next operation on.
/// @throws ValueError for less than 1 or more than `most_threads`.
void set_threads(int count);

/// Returns how many threads an operation or a pass may use: the number set by `set_threads`; otherwise the first number
/// of the environment variable OMP_NUM_THREADS; otherwise the number of processors that affinity and control groups
/// leave to this process.
///
/// Work is divided by this number and by its shapes alone, so that results are the same to the bit for the same number.
/// Fewer threads may carry the parts out: where other threads of the program keep the team busy, where other programs
/// do so with the processors, and after fork() in the child, which has one.
[[nodiscard]] int threads();

/// Returns true if `set_threads` or OMP_NUM_THREADS chose the number. Otherwise small work should be divided into fewer
/// parts.
[[nodiscard]] bool threads_chosen();

namespace detail {

/// Returns the first number of a value of OMP_NUM_THREADS ("4", "4,2"), at most `most_threads`; 0 if it has none.
[[nodiscard]] int first_thread_number(const char* text);

}  // namespace detail
}  // namespace recur
