#pragma once

#include <recur/framework/tensor/tensor.h>

#include <span>
#include <vector>

namespace recur {

/// One thing to learn from: what the model is given and what is wanted of it.
struct Example {
  Tensor<float> inputs;
  Tensor<float> targets;
};

/// Examples and what is wanted of the model for each: parts of equal index on the first axes belong together.
struct Batch {
  Tensor<float> inputs;   ///< `[batch, …]`
  Tensor<float> targets;  ///< `[batch, …]`
};

/// Sequences of different lengths, filled up with zeros.
struct PaddedBatch {
  Tensor<float> inputs;        ///< `[batch, time, …]`, time being the longest length.
  Tensor<float> targets;       ///< `[batch, time, …]`
  std::vector<Index> lengths;  ///< Steps of each sequence that count: what `RNNCall::lengths` takes.
  bool labels = false;         ///< The targets are of whole sequences, `[batch, …]`, and not of steps.
  /// Steps that count in all sequences together.
  [[nodiscard]] Index steps() const;
  /// `[batch, time]`, 1 where a step counts and 0 beyond.
  [[nodiscard]] Tensor<float> mask() const;
};

/// Examples of equal shapes side by side on a new first axis. @throws ShapeError for unequal shapes, ValueError for none.
[[nodiscard]] Batch stack(std::span<const Example> examples);

/// Sequences `[time, …]` of equal shapes but for their lengths. @throws ShapeError for inputs and targets of unequal lengths or
/// sequences of unequal features, ValueError for none.
[[nodiscard]] PaddedBatch pad(std::span<const Example> sequences);

}  // namespace recur
