#pragma once

#include <recur/framework/recurrence/checkpoint_plan.h>

#include <cstddef>

namespace recur {

/// Chooses which activations of a sequence an RNN keeps for the backward pass; the others are computed again, block by
/// block: `RNN(cells, {.checkpoint = Checkpointing::memory(100 << 20)})`. Results stay the same, except that gradients
/// of parameters are summed block by block, which changes their rounding. See docs/bptt.md.
class Checkpointing {
 public:
  using Strategy = CheckpointStrategy;

  /// Keeps everything.
  Checkpointing() = default;
  /// Keeps the states every `count` steps. Each step is computed twice.
  [[nodiscard]] static Checkpointing steps(Index count);
  /// Keeps the states as often as makes memory smallest while each step is computed twice. Memory grows with the square
  /// root of time.
  [[nodiscard]] static Checkpointing automatic();
  /// Uses at most `bytes` for what is kept and computed again, not counting inputs, outputs and their gradients, and
  /// computes as little again as that allows. The memory of a step is measured in the call, so the bound is not exact.
  /// The call throws ValueError if not even one step and its states fit.
  [[nodiscard]] static Checkpointing memory(std::size_t bytes, Strategy strategy = Strategy::mixed);
  /// Stores up to `count` states (with `activations`: recorded blocks) besides those at the beginning, between blocks
  /// of `block` steps. 0 chooses blocks so long that each is computed twice.
  [[nodiscard]] static Checkpointing slots(Index count, Strategy strategy = Strategy::states, Index block = 0);

  /// Returns the settings for one of `shares` equal parts of the batch, with its part of the memory.
  [[nodiscard]] Checkpointing share(Index shares) const {
    Checkpointing result = *this;
    if (kind_ == Kind::memory) result.amount_ /= static_cast<std::size_t>(shares);
    return result;
  }
  [[nodiscard]] bool active() const { return kind_ != Kind::none; }
  /// Returns true if `layout` needs the memory of a step.
  [[nodiscard]] bool needs_sizes() const { return active() && kind_ != Kind::steps; }

  /// Bytes of the values carried from step to step, and of a recorded step with its gradients.
  struct Sizes {
    std::size_t states = 1;
    std::size_t step = 1;
  };
  /// How a sequence of a certain length is cut into blocks.
  struct Layout {
    /// Steps of a block; the last block may be shorter.
    Index block = 1;
    /// Blocks at the end that are recorded in the forward pass and not computed again.
    Index recorded = 0;
    /// Settings for the blocks before.
    CheckpointPlan plan;
  };
  /// Throws ValueError if the memory does not suffice.
  [[nodiscard]] Layout layout(Index time, const Sizes& sizes) const;

 private:
  enum class Kind { none, steps, automatic, memory, slots };
  [[nodiscard]] Layout within_memory(Index time, const Sizes& sizes) const;
  [[nodiscard]] Layout by_repetition(Index time, const Sizes& sizes) const;

  Kind kind_ = Kind::none;
  Strategy strategy_ = Strategy::states;
  std::size_t amount_ = 0;
  Index block_ = 0;
};

}  // namespace recur
