#pragma once

#include <recur/layers/recurrent/checkpointing.h>
#include <recur/layers/recurrent/unroll.h>

#include <span>

namespace recur {

/// A call of an RNN whose batch is divided over threads (framework/recurrence/replicas.h).
struct DividedUnroll {
  CellInterface* cell;
  Var x;                           ///< `[batch, time, features]`, or `[time, batch, features]` if `time_major`.
  Var mask;                        ///< Laid out as x, without features; undefined for none.
  std::span<const Index> lengths;  ///< Of each sequence; empty if all have as many steps as x.
  bool time_major;
  bool go_backwards;
  Checkpointing checkpoint;
  /// Options of `unroll`. Values of the context have one row for each sequence.
  UnrollOptions options;
};

/// Returns the number of shares into which the batch is divided; 1 if it is not divided. Depends on shapes and on the
/// number of threads asked for.
/// @param weights elements of all parameters of the cell
[[nodiscard]] int shares_of(const DividedUnroll& call, Index weights);

/// Calls a cell step by step, with the rows of the batch divided over `shares` threads. Replaces `states`, one row for
/// each sequence, by the states after each sequence's last step. Returns the outputs in the layout of x, zeros beyond
/// the lengths, or `[batch, units]` without `options.sequence`. Throws what the cell throws, and ForeignVar, with the
/// cell's name, if the cell uses a Var that it holds itself.
[[nodiscard]] Var unroll_divided(const DividedUnroll& call, int shares, std::span<Var> states);

}  // namespace recur
