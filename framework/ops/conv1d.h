#pragma once

#include <recur/framework/autodiff/tape.h>
#include <recur/framework/ops/sliding_windows.h>

#include <cstdint>
#include <span>

namespace recur {

/// y[b, t] = bias + Σₖ x[b, step(t, k)]·kernel[k]: x `[batch, steps, channels]`, kernel `[size, channels, filters]`,
/// bias `[filters]` or undefined, result `[batch, windows.count, filters]`.
///
/// The columns of a window that is not dilated lie next to each other, so the product of a sequence reads the input, or
/// a padded copy of it, as a matrix whose rows overlap. Dilated windows are copied, which takes `size` times the memory
/// of the input.
/// @param counted one number for each step `[batch · steps]`; steps of 0 are read as zeros and get no gradient. Empty
/// for all.
/// Throws ShapeError if shapes do not fit.
[[nodiscard]] Var conv1d(Var x, Var kernel, Var bias, const SlidingWindows& windows,
                         std::span<const std::uint8_t> counted = {});

}  // namespace recur
