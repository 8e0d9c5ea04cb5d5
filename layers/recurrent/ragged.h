#pragma once

#include <recur/framework/autodiff/tape.h>
#include <recur/layers/recurrent/unroll.h>

#include <span>

namespace recur {

/// Throws ValueError for a length outside [0, time], or if all are 0.
void check_lengths(std::span<const Index> lengths, Index time);

/// How the sequences of a batch with different lengths are laid out without padding: longest first, step by step.
/// All lists live on the tape.
class RaggedBatch {
 public:
  /// @throws ValueError for a length outside [0, time], or when all are 0.
  RaggedBatch(Tape& tape, Index time, std::span<const Index> lengths, bool go_backwards);

  [[nodiscard]] const SequenceSteps& steps() const { return steps_; }
  /// `[time, batch, features]` → `[rows, features]`, and back with zeros where there was padding; a backwards sequence stays in
  /// the order of processing.
  [[nodiscard]] Var pack(Var sequence) const;
  [[nodiscard]] Var unpack(Var rows) const;
  /// A value with one row for each sequence, put into the order used here, and back.
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

/// Sequences `[batch, time, features]` (`[time, batch, features]` if time_major) turned round in time: with lengths, each within
/// its own, zeros beyond.
[[nodiscard]] Var reverse_in_time(Var x, std::span<const Index> lengths, bool time_major);

}  // namespace recur
