#include <recur/framework/tensor/address_sanitizer.h>

#if defined(RECUR_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#endif

namespace recur::detail {

#if defined(RECUR_ADDRESS_SANITIZER)

void poison(const void* begin, std::size_t bytes) { __asan_poison_memory_region(begin, bytes); }
void unpoison(const void* begin, std::size_t bytes) { __asan_unpoison_memory_region(begin, bytes); }
bool is_poisoned(const void* at) { return __asan_address_is_poisoned(at) != 0; }

#else

void poison(const void*, std::size_t) {}
void unpoison(const void*, std::size_t) {}
bool is_poisoned(const void*) { return false; }

#endif

}  // namespace recur::detail
