#pragma once

#include <recur/framework/tensor/shape.h>

#include <string_view>

namespace recur {

/// How many steps lie around a sequence for the windows that slide over it (Keras's `padding`). `valid`: none. `same`:
/// as many output steps as input steps divided by the stride; if an odd number of steps is missing, the larger half
/// lies behind. `causal`: all in front, so that no output step depends on later input steps.
enum class Padding : unsigned char { valid, same, causal };

/// Returns the padding of this Keras name. Throws ValueError, beginning with `layer`, for another name.
[[nodiscard]] Padding padding_by_name(const char* layer, std::string_view name);

/// SlidingWindows that slide over the steps of a sequence. Window t covers the steps t·stride - before + k·dilation for
/// k in [0, size); steps outside the sequence are padding.
struct SlidingWindows {
  Index size = 1;
  Index stride = 1;
  Index dilation = 1;
  Index before = 0;  ///< Padding in front of the first step.
  Index count = 0;   ///< SlidingWindows, the steps of the output.

  /// Returns the steps from the first to the last one of a window, both included.
  [[nodiscard]] Index reach() const { return (size - 1) * dilation + 1; }
  /// Returns the step that tap k of window t covers; outside [0, steps) for padding.
  [[nodiscard]] Index step(Index t, Index k) const { return t * stride - before + k * dilation; }
};

/// Places windows over `steps` steps. `count` is 0 if none fits. Throws ValueError, beginning with `layer`, if a size
/// is below 1.
[[nodiscard]] SlidingWindows windows_of(const char* layer, Index steps, Index size, Index stride, Index dilation,
                                        Padding padding);

}  // namespace recur
