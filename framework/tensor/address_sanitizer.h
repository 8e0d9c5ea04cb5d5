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

/// True in builds for AddressSanitizer.
#if defined(RECUR_ADDRESS_SANITIZER)
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif

/// Mark memory as inaccessible for AddressSanitizer, and as accessible again. No effect in other builds.
void poison(const void* begin, std::size_t bytes);
void unpoison(const void* begin, std::size_t bytes);
[[nodiscard]] bool is_poisoned(const void* at);

}  // namespace recur::detail
