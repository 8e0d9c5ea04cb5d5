#pragma once

#include <recur/framework/tensor/shape.h>

namespace recur::detail {

/// Bytes of a core's second-level cache, as the system says; 1 MB where it does not.
[[nodiscard]] Index second_level_cache_bytes();

}  // namespace recur::detail
