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

namespace recur::detail {

/// Whether this is built for AddressSanitizer.
#if defined(RECUR_ADDRESS_SANITIZER)
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif

/// Has every use of this memory reported, until it is unpoisoned. Without AddressSanitizer these do nothing.
void poison(const void* begin, std::size_t bytes);
void unpoison(const void* begin, std::size_t bytes);
[[nodiscard]] bool is_poisoned(const void* at);

}  // namespace recur::detail
