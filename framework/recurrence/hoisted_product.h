#pragma once

#include <recur/framework/autodiff/linear.h>

#include <span>

namespace recur {

/// Returns rows `[first, first + count)` of a sequence, `[time, batch, features]` or packed `[rows, features]`. All
/// steps of the sequence must be used: the product of the first step with a parameter is computed for many steps at
/// once (hoisting).
[[nodiscard]] Var sequence_step(Var sequence, Index first, Index count);
/// Sets where steps begin and where the last ends, if steps have different sizes, so that hoisted products hold whole
/// steps, as many as fit the cache. Throws ShapeError unless the rows ascend within the sequence.
void sequence_steps(Var sequence, std::span<const Index> first_rows);

}  // namespace recur
