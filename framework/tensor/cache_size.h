#pragma once

#include <recur/framework/tensor/shape.h>

namespace recur::detail {

/// Returns the bytes of a core's second-level cache; 1 MB if the system does not tell.
[[nodiscard]] Index second_level_cache_bytes();

}  // namespace recur::detail
