#pragma once

// Counts heap allocations: replaces the global operator new of a test program. One source file of a program may include
// it.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace recur::test {

inline std::atomic<long> allocation_count = 0;

/// Returns how often operator new has been called in this program.
inline long allocations() { return allocation_count; }

inline void* counted_memory(std::size_t bytes, std::size_t alignment) {
  ++allocation_count;
  void* const p = std::aligned_alloc(alignment, (bytes + alignment) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

}  // namespace recur::test

// Not inlined, or GCC sees free() meet operator new and warns.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return recur::test::counted_memory(bytes, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return recur::test::counted_memory(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
