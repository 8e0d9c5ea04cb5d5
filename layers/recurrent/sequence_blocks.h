#pragma once

#include <recur/framework/recurrence/checkpoint_plan.h>
#include <recur/layers/recurrent/unroll.h>

namespace recur::detail {

/// What is stored between two blocks: the values carried from step to step, without gaps, and the state of the tape's
/// generator.
struct StoredStates {
  std::span<const Var> values;
  Generator::State generator;
};

/// The gradient of the carried values while blocks are run backwards.
struct CarriedGradient {
  std::span<Var> values;  ///< Its numbers.
  std::span<bool> present;
};

/// A sequence cut into blocks of steps, as plain data on the tape. Values carried from step to step are the states, the
/// last outputs of all cells where they are needed, and the penalty so far where there is one.
struct SequenceBlocks {
  CellInterface* cell;
  Var sequence;
  SequenceSteps steps;
  UnrollOptions options;
  Index block;  ///< Steps of each.
  Index state_count;
  Index output_count;
  Index carried_count;
  Var whole;  ///< Where the outputs of all steps go; undefined if they are not wanted.
  CheckpointPlan::View plan;
  BatchRows rows{};  ///< Of the tape, when the sequence was first computed.

  [[nodiscard]] Tape& tape() const { return sequence.tape(); }
  [[nodiscard]] bool carries_penalty() const { return carried_count > state_count + output_count; }
  [[nodiscard]] Index first_step(Index block_index) const { return std::min(block_index * block, steps.time()); }
  /// Returns the rows of the sequence before a block.
  [[nodiscard]] Index first_row(Index block_index) const {
    return steps.first[static_cast<std::size_t>(first_step(block_index))];
  }
  /// Returns the rows of `whole` that blocks [a, b) write.
  [[nodiscard]] Var outputs(Index a, Index b) const;
  /// Computes blocks [a, b) as one sequence. Replaces the carried values, and returns the outputs if they are wanted.
  [[nodiscard]] Var run(Index a, Index b, std::span<Var> carried) const;
  /// Computes blocks [a, b) one by one without recording. Writes the carried values after them to `to`, and the outputs
  /// to their place if `write_outputs`.
  void advance(const StoredStates& from, Index a, Index b, std::span<const Var> to, bool write_outputs) const;
  /// Runs blocks [a, b) backwards with room for `units`. `gradient` is the gradient of the carried values after the
  /// blocks, and is replaced by that before them. Adds to the gradients of sequence, context and parameters.
  void go_back(const StoredStates& from, Index a, Index b, Index units, CarriedGradient& gradient) const;

 private:
  struct Recorded;
  void go_back_through_one(const StoredStates& from, Index a, CarriedGradient& gradient) const;
  [[nodiscard]] StoredStates stored_behind(const StoredStates& from, Index a, Index b) const;
  [[nodiscard]] std::span<const Var> memory_for(std::span<const Var> values) const;
};

/// Copies numbers. `to` may be `from`.
void copy_values(Var from, Var to);

}  // namespace recur::detail
