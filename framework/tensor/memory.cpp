#include <recur/framework/tensor/available_memory.h>
#include <recur/framework/tensor/memory.h>

#include <algorithm>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace recur::detail {
std::unique_ptr<void, FreeBuffer> allocate_bytes(std::size_t bytes, std::size_t alignment) {
  constexpr std::size_t large_page = std::size_t{2} << 20;
  constexpr std::size_t worth_asking = std::size_t{256} << 20;
  const bool large = bytes >= large_page;
  if (bytes >= worth_asking) require_available_memory(bytes);
  const std::align_val_t unit{large ? std::max(alignment, large_page) : alignment};
  std::unique_ptr<void, FreeBuffer> buffer(::operator new(bytes, unit), FreeBuffer{unit});
#if defined(__linux__)
  if (large) madvise(buffer.get(), bytes / large_page * large_page, MADV_HUGEPAGE);
#endif
  return buffer;
}

}  // namespace recur::detail
