#pragma once

#include <recur/layers/cells/any_cell.h>
#include <recur/layers/cells/step_observer.h>

#include <span>

namespace recur {

/// The steps of a time-major sequence: step t is rows [first[t], first[t + 1]) of it. The number of rows may shrink from step
/// to step (ragged batches, longest first), never grow; at the first one it is the batch size, or less where sequences are empty.
struct SequenceSteps {
  std::span<const Index> first;
  /// `[time, batch]`, 0 where a step is skipped; undefined when there is no mask. Not together with shrinking steps.
  Var mask;

  [[nodiscard]] Index time() const { return static_cast<Index>(first.size()) - 1; }
  /// Returns the number of rows of step `t`.
  [[nodiscard]] Index rows(Index t) const {
    return first[static_cast<std::size_t>(t + 1)] - first[static_cast<std::size_t>(t)];
  }
};

struct UnrollOptions {
  /// The outputs of all steps, rows as in the input, rather than each row's last output.
  bool sequence = true;
  bool zero_output_for_mask = false;
  /// Dropout masks of the cell, and constants.
  CellContext context;
  /// Where the cells' activity penalties are added up; must be there if a cell has one. Those on the last output are not, if
  /// `last_outputs` are given: others may follow.
  Var* penalty = nullptr;
  /// The outputs before the first step, one for each cell that is not a stack (`cell_count`), to which masked and ended rows
  /// fall back; on return those after the last. Empty: zeros.
  std::span<Var> last_outputs{};
  /// Whoever `context.observer` is, is told of every step: the number of the cell, and that of the first step.
  Index layer = 0;
  Index first_step = 0;
};

/// Number of cells in a stack, and in the stacks in it; 1 for any other cell.
[[nodiscard]] Index cell_count(CellInterface& cell);

/// Applies a cell step by step. A stack is run cell by cell over the whole sequence: the order of the arithmetic in each cell is
/// the same, and all steps of its input are known, so products with the input are done at once (linear.h).
/// @param sequence rows of all steps, `[rows, features]` or `[time, batch, features]`
/// @param states the states before the first step; on return those after each row's last
/// @returns `[rows, units]`, or `[batch, units]` without `sequence`
[[nodiscard]] Var unroll(CellInterface& cell, Var sequence, const SequenceSteps& steps, std::span<Var> states,
                         const UnrollOptions& options);

}  // namespace recur
