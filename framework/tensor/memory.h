#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace recur::detail {

struct FreeBuffer {
  std::align_val_t alignment{};
  void operator()(void* buffer) const { ::operator delete(buffer, alignment); }
};

/// Uninitialized memory for `count` plain numbers.
template <class T>
using Buffer = std::unique_ptr<T[], FreeBuffer>;

/// Allocates memory. Large buffers get large pages where the system has them, because products walk through matrices by
/// columns too, and every row may be on another page. Throws std::bad_alloc.
[[nodiscard]] std::unique_ptr<void, FreeBuffer> allocate_bytes(std::size_t bytes, std::size_t alignment);
template <class T>
[[nodiscard]] Buffer<T> allocate_buffer(std::size_t count, std::size_t alignment) {
  auto memory = allocate_bytes(count * sizeof(T), alignment);
  const FreeBuffer free = memory.get_deleter();
  return {static_cast<T*>(memory.release()), free};
}

}  // namespace recur::detail
