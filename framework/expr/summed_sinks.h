#pragma once

#include <recur/framework/expr/fused_call.h>

#include <algorithm>
#include <span>

namespace recur::detail {

/// Gradients of operands that are repeated over many rows or columns. A large float does not change when a small one is
/// added, so the backward loop runs in pieces; each piece has a sum of its own, and these are added in double.
class SummedSinks {
 public:
  /// Finds the gradients of float with long sums. Memory for the sums lies on the tape.
  SummedSinks(Tape& tape, std::span<const Sink> sinks, const FusedCall& call, Index lanes);

  /// Returns true if no sum is long: the loop can then run undivided.
  [[nodiscard]] bool empty() const { return sums_.empty(); }
  /// Runs `loop` over a part of the call. Parts that run side by side must not add to one sum.
  template <class Loop>
  void run(Loop loop, const FusedCall& part) const {
    FusedCall piece = part;
    piece.sinks = sinks_.data();
    for (Index row = part.first_row; row < part.rows; row += rows_) {
      for (Index column = part.begin; column < part.end; column += columns_) {
        piece.first_row = row;
        piece.rows = std::min(row + rows_, part.rows);
        piece.begin = column;
        piece.end = std::min(column + columns_, part.end);
        loop(piece);
        add_up(piece);
      }
    }
  }
  /// Adds the sums to the gradients, after all parts.
  void finish() const;

 private:
  /// Sums of one operand: by column if it is repeated over rows, by row if it is repeated over columns, one number if
  /// over both.
  struct Sum {
    float* gradient;
    Index row_stride;  ///< Of the gradient.
    bool by_row;
    bool by_column;
    std::span<float> piece;
    std::span<double> total;
  };
  void add_up(const FusedCall& piece) const;

  std::span<Sum> sums_;
  std::span<Sink> sinks_;  // with those of long sums at their pieces
  Index rows_ = 0;         // of a piece
  Index columns_ = 0;
};

}  // namespace recur::detail
