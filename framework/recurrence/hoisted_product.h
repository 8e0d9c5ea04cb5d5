#pragma once

#include <recur/framework/autodiff/linear.h>

#include <span>

namespace recur {

/// Returns rows `[first, first + count)` of a sequence (`[time, batch, features]` or packed `[rows, features]`) whose steps will
/// all be visited: products of such a step with a parameter are computed for many steps at the first of them (hoisting).
[[nodiscard]] Var sequence_step(Var sequence, Index first, Index count);
/// Says where the steps begin, and the end of the last, if they are not all of one size: hoisted products then hold whole steps,
/// as many as the cache holds. Throws ShapeError unless the rows ascend within the sequence.
void sequence_steps(Var sequence, std::span<const Index> first_rows);

}  // namespace recur
