#pragma once

#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <span>
#include <vector>

namespace recur {

/// What is stored of a sequence to go back from: its states between two blocks of steps, from which the block before them is
/// computed again; the activations of a whole block, which need no recomputation but much more memory; or whichever is better.
enum class CheckpointStrategy { states, activations, mixed };

/// What to do with a run of blocks whose first states are known: advance over `blocks` of them and store the states there, go
/// back through what lies behind, and then through these. With `activations` the last of them is recorded on the way, kept,
/// and gone back through directly.
struct CheckpointCut {
  Index blocks;
  bool activations;
};

/// Where to store what, so that as few blocks as possible are computed again: the dynamic programme of Gruslys et al.
/// ("Memory-efficient backpropagation through time", NIPS 2016) in blocks of steps. C(n, m) is the number of blocks computed
/// forward, recorded ones included, to go back through n of them with room for m units besides the states at the beginning
/// and the block at hand:
///
///   C(1, m) = 1,  C(n, 0) = n (n + 1) / 2
///   C(n, m) = min over y of   y + C(n - y, m - 1) + C(y, m)        storing the states behind block y
///                             y + C(n - y, m - a) + C(y - 1, m)    storing the activations of block y, a units
///
/// For states alone C is known in closed form (Griewank and Walther, "Revolve", 2000), and no table is made.
class CheckpointPlan {
 public:
  CheckpointPlan() = default;
  /// @param blocks at most `most_blocks` unless states alone are stored
  /// @param units room, in states (`states`, `mixed`) or recorded blocks (`activations`); more than can be used is no harm
  /// @param block_units what a recorded block takes of it, at least 1
  /// @throws ValueError for numbers out of range.
  CheckpointPlan(CheckpointStrategy strategy, Index blocks, Index units, Index block_units = 1);

  static constexpr Index most_blocks = 128;
  static constexpr Index most_units = 512;

  [[nodiscard]] Index units() const { return view_.units; }
  /// C(blocks, units): 4/3 of the time of plain backpropagation, roughly, if it is twice `blocks`.
  [[nodiscard]] double forwards() const;

  /// The plan as plain data, for the tape. Refers to the plan.
  struct View {
    CheckpointStrategy strategy = CheckpointStrategy::states;
    Index units = 0;
    Index block_units = 1;
    std::span<const std::int16_t> cuts;  ///< [blocks][units + 1]; negative where activations are stored.

    /// For more than one block and the room that is left.
    [[nodiscard]] CheckpointCut cut(Index blocks, Index left) const;
    [[nodiscard]] Index cost_of(const CheckpointCut& cut) const { return cut.activations ? block_units : 1; }
  };
  [[nodiscard]] View view() const {
    View view = view_;
    view.cuts = cuts_;
    return view;
  }

  /// C(blocks, units) for states alone.
  [[nodiscard]] static double forwards_of_states(Index blocks, Index units);

 private:
  void tabulate(Index blocks);

  View view_;
  double forwards_ = 1;
  std::vector<std::int16_t> cuts_;
};

}  // namespace recur
