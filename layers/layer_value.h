#pragma once

#include <recur/framework/autodiff/tape.h>

#include <cstdint>
#include <span>

namespace recur {

/// Input and output of a layer: values, or ids for an Embedding, with mask, lengths and states. A layer uses the
/// members it knows and passes on the members that stay valid.
struct LayerValue {
  /// `[batch, time, features]`, or another shape that the layer takes. Undefined if the input is ids.
  Var value;
  /// Second output of a Bidirectional that does not merge its directions.
  Var backward;
  /// Ids `[batch, time]`. Set `tape` too.
  std::span<const std::int32_t> ids;
  Shape ids_shape{0};
  Tape* tape = nullptr;
  /// Either a mask `[batch, time]`, 0 for steps to be skipped, or the number of valid steps of each sequence.
  Var mask;
  std::span<const Index> lengths;
  /// Initial states, and constants (Keras's name for values used at every step), for the first layer that takes states.
  std::span<const Var> initial_state;
  std::span<const Var> constants;
  /// Dropout masks to use instead of drawn masks, in the order of the layers that use them.
  std::span<const Var> dropout_masks;
  /// Final states of the last layer with `return_state`.
  std::span<const Var> states;
  /// Sum of the activity penalties of the layers so far. Add it to the loss. Undefined if there are none.
  Var penalty;

  [[nodiscard]] bool is_ids() const { return tape != nullptr; }
};

}  // namespace recur
