#pragma once

#include <recur/framework/recurrence/checkpoint_plan.h>

#include <cstddef>

namespace recur {

/// How much of a sequence an RNN keeps for the backward pass; what it does not keep is computed again, block by block:
/// `RNN(cells, {.checkpoint = Checkpointing::memory(100 << 20)})`. Results are the same, gradients up to the order in which
/// those of parameters are summed: one product over the steps of each block. See docs/bptt.md.
class Checkpointing {
 public:
  using Strategy = CheckpointStrategy;

  /// Everything is kept.
  Checkpointing() = default;
  /// The states every `count` steps: each step is computed once more.
  [[nodiscard]] static Checkpointing steps(Index count);
  /// As many steps between states as make memory smallest with one computation more: it grows with the square root of time.
  [[nodiscard]] static Checkpointing automatic();
  /// Not more than `bytes` for what is kept and computed again, inputs, outputs and their gradients aside, with as little
  /// computed again as that allows. What a step needs is measured at the call, so the bound is not exact.
  /// @throws ValueError, at the call, when not even one step and its states fit.
  [[nodiscard]] static Checkpointing memory(std::size_t bytes, Strategy strategy = Strategy::mixed);
  /// Room for `count` stored states (`activations`: recorded blocks) besides those at the beginning, between blocks of `block`
  /// steps; 0: blocks so long that each is computed once more.
  [[nodiscard]] static Checkpointing slots(Index count, Strategy strategy = Strategy::states, Index block = 0);

  /// For one of `shares` equal parts of the batch: its part of the memory.
  [[nodiscard]] Checkpointing share(Index shares) const {
    Checkpointing result = *this;
    if (kind_ == Kind::memory) result.amount_ /= static_cast<std::size_t>(shares);
    return result;
  }
  [[nodiscard]] bool active() const { return kind_ != Kind::none; }
  /// Whether `layout` has to know what a step needs.
  [[nodiscard]] bool needs_sizes() const { return active() && kind_ != Kind::steps; }

  /// Bytes of the values carried from step to step, and of all that a recorded step needs, its gradients included.
  struct Sizes {
    std::size_t states = 1;
    std::size_t step = 1;
  };
  /// The answer for a sequence of a certain length.
  struct Layout {
    /// Steps of a block; the last may be shorter.
    Index block = 1;
    /// Blocks at the end that are recorded at once and never computed again.
    Index recorded = 0;
    /// For the blocks before.
    CheckpointPlan plan;
  };
  /// @throws ValueError when the memory does not suffice.
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
