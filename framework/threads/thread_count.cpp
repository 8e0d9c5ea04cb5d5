#include <recur/framework/threads/thread_count.h>

#include <recur/framework/tensor/error.h>
#include <recur/framework/threads/processors.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

namespace recur {
namespace {

/// The number set by `set_threads`, 0 before. A setting of the process, as its processors are the process's.
std::atomic<int>& number_set() {
  static std::atomic<int> number{0};
  return number;
}

/// The number of the environment, 0 if there is none. Read once: a process's environment is not for changing while
/// threads run.
int number_of_environment() {
  static const int number = detail::first_thread_number(std::getenv("OMP_NUM_THREADS"));
  return number;
}

}  // namespace

int detail::first_thread_number(const char* text) {
  if (text == nullptr) return 0;
  char* end = nullptr;
  const long number = std::strtol(text, &end, 10);
  return end == text || number < 1 ? 0 : static_cast<int>(std::min<long>(number, most_threads));
}

void set_threads(int count) {
  require<ValueError>(count >= 1 && count <= most_threads, "set_threads: {} threads, need 1 to {}", count,
                      most_threads);
  number_set().store(count, std::memory_order_relaxed);
}

int threads() {
  if (const int set = number_set().load(std::memory_order_relaxed); set > 0) return set;
  if (const int wanted = number_of_environment(); wanted > 0) return wanted;
  return std::min(detail::usable_processors(), most_threads);
}

bool threads_chosen() { return number_set().load(std::memory_order_relaxed) > 0 || number_of_environment() > 0; }

}  // namespace recur
