#pragma once

#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <span>
#include <vector>

namespace recur {

/// What is stored of a sequence for the backward pass: states between two blocks of steps, from which the next block is
/// computed again; the activations of a whole block, which need no recomputation but more memory; or either, whichever
/// is better.
enum class CheckpointStrategy { states, activations, mixed };

/// What to do with a run of blocks whose first states are known: compute `blocks` of them, store the states there, run
/// the blocks behind backwards, and then these blocks. With `activations` the last of these blocks is recorded when it
/// is computed and run backwards directly.
struct CheckpointCut {
  Index blocks;
  bool activations;
};

/// Where to store what, so that as few blocks as possible are computed again: the dynamic programme of Gruslys et al.
/// ("Memory-efficient backpropagation through time", NIPS 2016) in blocks of steps. C(n, m) is the number of blocks
/// computed forward, recorded ones included, to go back through n of them with room for m units besides the states at
/// the beginning and the block at hand:
///
///   C(1, m) = 1,  C(n, 0) = n (n + 1) / 2
///   C(n, m) = min over y of   y + C(n - y, m - 1) + C(y, m)        storing the states behind block y
///                             y + C(n - y, m - a) + C(y - 1, m)    storing the activations of block y, a units
///
/// For states alone C is known in closed form (Griewank and Walther, "Revolve", 2000), and no table is made.
class CheckpointPlan {
 public:
  CheckpointPlan() = default;
  /// @param blocks at most `most_blocks` unless only states are stored
  /// @param units room, in states (`states`, `mixed`) or recorded blocks (`activations`); may be more than can be used
  /// @param block_units room that a recorded block takes, at least 1
  /// Throws ValueError if a number is out of range.
  CheckpointPlan(CheckpointStrategy strategy, Index blocks, Index units, Index block_units = 1);

  static constexpr Index most_blocks = 128;
  static constexpr Index most_units = 512;

  [[nodiscard]] Index units() const { return view_.units; }
  /// Returns C(blocks, units). If it is twice `blocks`, training takes about 4/3 of the time of plain backpropagation.
  [[nodiscard]] double forwards() const;

  /// The plan as plain data for the tape. Refers to the plan.
  struct View {
    CheckpointStrategy strategy = CheckpointStrategy::states;
    Index units = 0;
    Index block_units = 1;
    std::span<const std::int16_t> cuts;  ///< [blocks][units + 1]; negative where activations are stored.

    /// Returns what to do with more than one block and the room that is left.
    [[nodiscard]] CheckpointCut cut(Index blocks, Index left) const;
    [[nodiscard]] Index cost_of(const CheckpointCut& cut) const { return cut.activations ? block_units : 1; }
  };
  [[nodiscard]] View view() const {
    View view = view_;
    view.cuts = cuts_;
    return view;
  }

  /// Returns C(blocks, units) if only states are stored.
  [[nodiscard]] static double forwards_of_states(Index blocks, Index units);

 private:
  void tabulate(Index blocks);

  View view_;
  double forwards_ = 1;
  std::vector<std::int16_t> cuts_;
};

}  // namespace recur
