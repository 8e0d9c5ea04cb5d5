#pragma once

#include <recur/framework/autodiff/tape.h>

#include <cstdint>
#include <span>

namespace recur {

/// What goes from layer to layer: numbers, or ids in front of an Embedding, and what belongs to them. A layer takes what it
/// knows of, and passes on what stays valid.
struct LayerValue {
  /// `[batch, time, features]` or what the layer at hand takes; undefined for ids.
  Var value;
  /// A second output: of a Bidirectional without merging.
  Var backward;
  /// Ids `[batch, time]`; with them comes the tape.
  std::span<const std::int32_t> ids;
  Shape ids_shape{0};
  Tape* tape = nullptr;
  /// `[batch, time]`, 0 for steps to be skipped; or the number of valid steps of each sequence.
  Var mask;
  std::span<const Index> lengths;
  /// To start from, and what is the same at every step, for the first layer that takes them.
  std::span<const Var> initial_state;
  std::span<const Var> constants;
  /// Dropout masks in place of drawn ones, in the order of the layers that use them.
  std::span<const Var> dropout_masks;
  /// Final states, of the last layer with return_state.
  std::span<const Var> states;
  /// The activity penalties of the layers so far, to be added to the loss; undefined for none.
  Var penalty;

  [[nodiscard]] bool is_ids() const { return tape != nullptr; }
};

}  // namespace recur
