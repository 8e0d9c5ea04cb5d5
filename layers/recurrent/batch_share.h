#pragma once

#include <recur/layers/recurrent/divided_unroll.h>

namespace recur::detail {

/// The rows of a batch that one share has. All lists live on the tape.
struct BatchShare {
  std::span<const Index> sequences;    ///< Of the batch, those with most steps first.
  std::span<const Index> first;        ///< First row of each step in the share, and the end of the last.
  std::span<const Index> input_rows;   ///< For each row of the share, the row of the input.
  std::span<const Index> output_rows;  ///< For each row of the share, the row of the outputs.
  Index place = 0;                     ///< Of the first of `sequences` in the order of lengths.
  Index step = 1;                      ///< From the place of one to that of the next.

  [[nodiscard]] Index batch() const { return static_cast<Index>(sequences.size()); }
};

/// Divides the batch into `count` shares with about as many steps each: adjacent sequences if all are of one length,
/// otherwise every count-th sequence in the order of their lengths.
[[nodiscard]] std::span<const BatchShare> divide_batch(Tape& tape, const DividedUnroll& call, int count);

}  // namespace recur::detail
