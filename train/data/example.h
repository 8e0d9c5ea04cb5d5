#pragma once

#include <recur/framework/tensor/tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace recur {

/// One example: the input of the model and the output that is wanted.
struct Example {
  Tensor<float> inputs;
  Tensor<float> targets;
  bool labels = false;  ///< Of a sequence: the target is of the whole sequence and not of each step.
};

/// A batch of examples. Row i of `inputs` belongs to row i of `targets`.
struct Batch {
  Tensor<float> inputs;   ///< `[batch, …]`
  Tensor<float> targets;  ///< `[batch, …]`
  /// Returns the targets as ids: what a cross-entropy of classes takes. Throws ValueError for a target that is negative
  /// or no whole number.
  [[nodiscard]] std::vector<std::int32_t> classes() const;
};

/// A batch of sequences of different lengths, padded with zeros.
struct PaddedBatch {
  Tensor<float> inputs;        ///< `[batch, time, …]`, time being the longest length.
  Tensor<float> targets;       ///< `[batch, time, …]`
  std::vector<Index> lengths;  ///< Steps of each sequence that count: what `RNNCall::lengths` takes.
  bool labels = false;         ///< The targets are of whole sequences, `[batch, …]`, and not of steps.
  /// Returns the number of steps in all sequences, without padding.
  [[nodiscard]] Index steps() const;
  /// Returns a mask `[batch, time]`: 1 for steps of a sequence, 0 for padding. Throws ShapeError unless there is a
  /// length for each sequence, ValueError if a length is outside [0, time].
  [[nodiscard]] Tensor<float> mask() const;
  /// Returns the targets as ids, one for each sequence or, of targets of steps, for each step and 0 for padding, whose
  /// weight in a loss `mask` gives. Throws ValueError for a target that is negative or no whole number.
  [[nodiscard]] std::vector<std::int32_t> classes() const;
};

/// Returns classes or ids that a data set holds as numbers. Throws ValueError for a number that is negative or no whole
/// number.
[[nodiscard]] std::vector<std::int32_t> class_ids(std::span<const float> numbers);

/// Stacks examples of equal shapes along a new first axis. Throws ShapeError if shapes differ, ValueError if there are
/// no examples.
[[nodiscard]] Batch stack(std::span<const Example> examples);

/// Pads sequences `[time, …]` with zeros and stacks them. Targets of whole sequences (`Example::labels`) have equal
/// shapes and are not padded. Throws ShapeError if the inputs and the targets of the steps of a sequence differ in
/// length or the features of two sequences differ, ValueError if there are no sequences, or some targets are of steps
/// and others of sequences.
[[nodiscard]] PaddedBatch pad(std::span<const Example> sequences);

}  // namespace recur
