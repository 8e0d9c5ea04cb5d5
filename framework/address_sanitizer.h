#pragma once

#include <cstddef>

// What GCC and clang call it by.
#if defined(__SANITIZE_ADDRESS__)
#define RECUR_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RECUR_ADDRESS_SANITIZER 1
#endif
#endif
#if defined(RECUR_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#endif

namespace recur::detail {

/// Whether this is built for AddressSanitizer.
#if defined(RECUR_ADDRESS_SANITIZER)
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif

/// Has every use of this memory reported, until it is unpoisoned. Nothing without AddressSanitizer.
inline void poison([[maybe_unused]] const void* begin, [[maybe_unused]] std::size_t bytes) {
#if defined(RECUR_ADDRESS_SANITIZER)
  __asan_poison_memory_region(begin, bytes);
#endif
}
inline void unpoison([[maybe_unused]] const void* begin, [[maybe_unused]] std::size_t bytes) {
#if defined(RECUR_ADDRESS_SANITIZER)
  __asan_unpoison_memory_region(begin, bytes);
#endif
}
[[nodiscard]] inline bool is_poisoned([[maybe_unused]] const void* at) {
#if defined(RECUR_ADDRESS_SANITIZER)
  return __asan_address_is_poisoned(at) != 0;
#else
  return false;
#endif
}

}  // namespace recur::detail
