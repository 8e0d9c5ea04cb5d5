#pragma once

#include <recur/layers/recurrent/divided_unroll.h>

namespace recur::detail {

/// Which rows of a batch one share has. All lists live on the tape.
struct BatchShare {
  std::span<const Index> sequences;    ///< Of the batch, those with most steps first.
  std::span<const Index> first;        ///< First row of each step in the share, and the end of the last.
  std::span<const Index> input_rows;   ///< For each row of the share, the row of the input.
  std::span<const Index> output_rows;  ///< For each row of the share, the row of the outputs.
  Index place = 0;                     ///< Of the first of `sequences` in the order of lengths.
  Index step = 1;                      ///< From the place of one to that of the next.

  [[nodiscard]] Index batch() const { return static_cast<Index>(sequences.size()); }
};

/// Divides the batch into `count` shares: neighbours if all sequences are of one length, every count-th of the sequences in the order
/// of their lengths otherwise, so that all shares have about as many steps.
[[nodiscard]] std::span<const BatchShare> divide_batch(Tape& tape, const DividedUnroll& call, int count);

}  // namespace recur::detail
