#pragma once

#include <recur/framework/autodiff/tape.h>

#include <cstdint>
#include <vector>

namespace recur::examples {

/// The class of the largest logit in each row.
[[nodiscard]] std::vector<std::int32_t> most_likely(Var logits);

}  // namespace recur::examples
