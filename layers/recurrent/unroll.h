#pragma once

#include <recur/layers/cells/any_cell.h>
#include <recur/layers/cells/step_observer.h>

#include <span>

namespace recur {

/// The steps of a time-major sequence: step t is rows [first[t], first[t + 1]). The number of rows never grows from
/// step to step (ragged batches have their longest sequences first). At step 0 it is the batch size, or less if
/// sequences are empty.
struct SequenceSteps {
  std::span<const Index> first;
  /// Mask `[time, batch]`, 0 where a step is skipped; may be undefined. Not together with steps of different sizes.
  Var mask;

  [[nodiscard]] Index time() const { return static_cast<Index>(first.size()) - 1; }
  /// Returns the number of rows of step `t`.
  [[nodiscard]] Index rows(Index t) const {
    return first[static_cast<std::size_t>(t + 1)] - first[static_cast<std::size_t>(t)];
  }
};

struct UnrollOptions {
  /// Return the outputs of all steps, rows as in the input, instead of each row's last output.
  bool sequence = true;
  bool zero_output_for_mask = false;
  /// Dropout masks and constants of the cell.
  CellContext context;
  /// Sum of the cells' activity penalties; must not be null if a cell has one. If `last_outputs` are given, penalties
  /// of the last output are left out, because more steps may follow.
  Var* penalty = nullptr;
  /// Outputs before the first step, one for each cell that is not a stack (`cell_count`); masked and ended rows keep
  /// them. Replaced by the outputs after the last step. Empty for zeros.
  std::span<Var> last_outputs{};
  /// Numbers of the cell and of the first step, for `context.observer`.
  Index layer = 0;
  Index first_step = 0;
};

/// Returns the number of cells in a stack, nested stacks included; 1 for any other cell.
[[nodiscard]] Index cell_count(CellInterface& cell);

/// Calls a cell step by step. A stack is run cell by cell over the whole sequence: the arithmetic is that of running it
/// step by step, and all steps of a cell's input are known, so products with the input are computed at once (linear.h).
/// @param sequence rows of all steps, `[rows, features]` or `[time, batch, features]`
/// @param states states before the first step; replaced by the states after each row's last step
/// @returns `[rows, units]`, or `[batch, units]` without `sequence`
[[nodiscard]] Var unroll(CellInterface& cell, Var sequence, const SequenceSteps& steps, std::span<Var> states,
                         const UnrollOptions& options);

}  // namespace recur
