#pragma once

#include <recur/framework/ops/sliding_windows.h>
#include <recur/layers/layer_value.h>

#include <cstdint>
#include <span>

namespace recur {

/// Says for each step `[batch · steps]`, sequence by sequence, whether neither a mask nor lengths leave it out; 1 if it
/// counts. Empty if all steps count. Lasts until the tape is reset.
/// @param time_major whether value and mask of the input are `[time, batch, …]`
/// Throws ShapeError, beginning with `layer`, if the mask does not have one number for each step.
[[nodiscard]] std::span<const std::uint8_t> counted_of(const char* layer, const LayerValue& input, bool time_major);

/// Returns the number of steps of each sequence of `[batch, time, …]`, by lengths or a mask; empty if all steps count.
/// Lasts until the tape is reset. Throws ValueError, beginning with `function`, if a mask leaves out steps in front of
/// others that count.
[[nodiscard]] std::span<const Index> lengths_of(const char* function, const LayerValue& value);

/// The steps of a sequence that windows slide over: input and output of convolution and pooling layers.
///
/// An output step counts, as mask or lengths of the output say, if its sequence alone would have it: with padding
/// `valid` if all steps of its window count, otherwise if the step t·stride of the input does.
class SlidingSteps {
 public:
  /// Throws ValueError for ids, ShapeError unless the input is `[batch, time, features]`, both beginning with `layer`.
  SlidingSteps(const char* layer, const LayerValue& input, bool time_major);

  /// Returns the input as `[batch, time, features]`.
  [[nodiscard]] Var batch_major() const { return x_; }
  [[nodiscard]] Index steps() const { return x_.shape()[1]; }
  [[nodiscard]] std::span<const std::uint8_t> counted() const { return counted_; }
  /// Returns the output with mask or lengths, in the order of the input. @param y `[batch, windows.count, features]`
  [[nodiscard]] LayerValue output(Var y, const SlidingWindows& windows, Padding padding) const;

 private:
  [[nodiscard]] bool counts(Index b, Index t, const SlidingWindows& windows, Padding padding) const;

  const LayerValue& input_;
  bool time_major_;
  Var x_;
  std::span<const std::uint8_t> counted_;
};

/// Returns the shape of the output of windows over the time axis of `input`. Throws as `windows_of`.
[[nodiscard]] Shape sliding_shape(const Shape& input, Index features, bool time_major, Index windows);

/// Places windows over a sequence. Throws ShapeError, beginning with `layer`, if the sequence is too short for one.
[[nodiscard]] SlidingWindows fitting_windows(const char* layer, Index steps, Index size, Index stride, Index dilation,
                                             Padding padding);

}  // namespace recur
