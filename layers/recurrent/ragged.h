#pragma once

#include <recur/framework/autodiff/tape.h>
#include <recur/layers/recurrent/unroll.h>

#include <span>

namespace recur {

/// Throws ValueError if a length is outside [0, time], or all are 0.
void check_lengths(std::span<const Index> lengths, Index time);

/// Layout of sequences of different lengths without padding: longest first, step by step. All lists live on the tape.
class RaggedBatch {
 public:
  /// Throws ValueError if a length is outside [0, time], or all are 0.
  RaggedBatch(Tape& tape, Index time, std::span<const Index> lengths, bool go_backwards);

  [[nodiscard]] const SequenceSteps& steps() const { return steps_; }
  /// Convert `[time, batch, features]` to `[rows, features]`, and back with zeros for padding. Sequences that are
  /// processed backwards stay in the order of processing.
  [[nodiscard]] Var pack(Var sequence) const;
  [[nodiscard]] Var unpack(Var rows) const;
  /// Put a value with one row for each sequence into the order of this layout, and back.
  [[nodiscard]] Var sorted(Var value) const;
  [[nodiscard]] Var unsorted(Var value) const;

 private:
  SequenceSteps steps_;
  Index batch_;
  std::span<Index> order_;     ///< order_[i]: the sequence in place i.
  std::span<Index> place_;     ///< The inverse.
  std::span<Index> packed_;    ///< For each packed row, the row of the padded sequence.
  std::span<Index> unpacked_;  ///< For each padded row, the packed row or -1.
};

/// Reverses sequences `[batch, time, features]` (`[time, batch, features]` if time_major) in time. With lengths each is
/// reversed within its length, with zeros beyond. Throws ShapeError unless there is a length for each sequence,
/// ValueError if a length is outside [0, time].
[[nodiscard]] Var reverse_in_time(Var x, std::span<const Index> lengths, bool time_major);

}  // namespace recur
