#pragma once

#include <recur/framework/autodiff/tape.h>
#include <recur/framework/ops/sliding_windows.h>

#include <cstdint>
#include <span>

namespace recur {

/// Return the largest number, or the mean, of each feature over the steps of each window: x `[batch, steps, features]`,
/// result `[batch, windows.count, features]`. Padding takes no part. The gradient of the largest number goes to the
/// first of several equal ones. A window without a step that counts gives 0.
/// @param counted one number for each step `[batch · steps]`; steps of 0 take no part. Empty for all.
/// Throw ShapeError if shapes do not fit.
[[nodiscard]] Var max_pool1d(Var x, const SlidingWindows& windows, std::span<const std::uint8_t> counted = {});
[[nodiscard]] Var average_pool1d(Var x, const SlidingWindows& windows, std::span<const std::uint8_t> counted = {});

}  // namespace recur
