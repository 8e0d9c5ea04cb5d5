#include <recur/framework/tensor/cache_size.h>

#include <unistd.h>

namespace recur::detail {

Index second_level_cache_bytes() {
#ifdef _SC_LEVEL2_CACHE_SIZE
  static const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
#else
  constexpr long bytes = 0;
#endif
  return bytes > 0 ? bytes : Index{1024} * 1024;
}

}  // namespace recur::detail
