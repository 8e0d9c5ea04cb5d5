#pragma once

#include <recur/framework/expr/fused_frame.h>
#include <recur/framework/expr/run_loop.h>

namespace recur::detail {

/// Finds where the gradients of the operands go, and makes memory for them.
void claim_sinks(const FusedFrame& frame, std::span<Sink> sinks);

/// Returns which parts of the backward loop can be done side by side.
[[nodiscard]] Divisible divisible(const FusedFrame& frame, std::span<const Sink> sinks);

}  // namespace recur::detail
