#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// A nested tape: records or computes operations on the tape's memory, and frees that memory when it is destroyed. Used
/// by rematerialization (recompute.h). May be nested in another one; may begin during a backward pass.
///
/// Operations on it may use values from before. Their gradients are added to memory that must be there already: reserve
/// it with `reserve_gradient` before the nested tape begins.
class NestedTape {
 public:
  /// Records operations, or only computes them. Layers behave as in training if the tape did.
  enum class Mode { compute, record };

  NestedTape(Tape& tape, Mode mode) : tape_(tape) { tape.begin_nested(state_, mode == Mode::record); }
  ~NestedTape() { tape_.end_nested(state_); }
  NestedTape(const NestedTape&) = delete;
  NestedTape& operator=(const NestedTape&) = delete;

  /// Runs backwards what was recorded since the nested tape began. Put gradients into values first
  /// (`Var::add_gradient`). Gradients of parameters are complete afterwards.
  void propagate();
  /// Returns the bytes of values that the nested tape holds now.
  [[nodiscard]] std::size_t values_used() const { return tape_.mark().values.total - state_.mark.values.total; }
  /// Returns the bytes of bookkeeping that the nested tape holds now.
  [[nodiscard]] std::size_t nodes_used() const { return tape_.mark().nodes.total - state_.mark.nodes.total; }

 private:
  Tape& tape_;
  detail::TapeCore::Nested state_{};
};

/// Sets a random generator to an earlier state and restores its present state on destruction, so that a recomputed step
/// draws the numbers of its first computation.
class ReplayRandom {
 public:
  ReplayRandom(Generator& generator, const Generator::State& earlier)
      : generator_(generator), present_(generator.state()) {
    generator = Generator(earlier);
  }
  ~ReplayRandom() { generator_ = Generator(present_); }
  ReplayRandom(const ReplayRandom&) = delete;
  ReplayRandom& operator=(const ReplayRandom&) = delete;

 private:
  Generator& generator_;
  Generator::State present_;
};

}  // namespace recur
