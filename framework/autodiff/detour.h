#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>

namespace recur {

/// A piece of the tape that is written in the middle of something else, a backward pass even, and forgotten when the scope ends,
/// its memory given back: what recomputation is made of (recompute.h). Detours may be nested.
///
/// Operations on it may use values from before. Their gradients are added to memory that must be there already: reserve it with
/// `Tape::reserve_gradient` before the detour begins.
class Detour {
 public:
  /// Whether operations are recorded, or only computed. In both cases layers behave as in training if the tape did.
  enum class Mode { compute, record };

  Detour(Tape& tape, Mode mode);
  ~Detour();
  Detour(const Detour&) = delete;
  Detour& operator=(const Detour&) = delete;

  /// Runs backwards what has been recorded since the detour began. Gradients have to be put into values first
  /// (`Var::add_gradient`); afterwards those of parameters have been added to.
  void propagate();
  /// Bytes of values and bookkeeping that the detour holds by now.
  [[nodiscard]] std::size_t values_used() const { return tape_.values_.mark().total - mark_.values.total; }
  [[nodiscard]] std::size_t nodes_used() const { return tape_.nodes_.mark().total - mark_.nodes.total; }

 private:
  Tape& tape_;
  bool recording_before_;
  bool computing_before_;
  std::span<std::size_t> waiting_;  // of each parameter and each list of buffers: what belongs to the interrupted
  std::size_t leaves_;
  std::size_t lists_;
  Tape::Mark mark_;
};

/// Puts a generator back where it was once, for a scope: what is computed again draws the same numbers again.
class DrawAgain {
 public:
  DrawAgain(Generator& generator, const Generator::State& then) : generator_(generator), now_(generator.state()) {
    generator = Generator(then);
  }
  ~DrawAgain() { generator_ = Generator(now_); }
  DrawAgain(const DrawAgain&) = delete;
  DrawAgain& operator=(const DrawAgain&) = delete;

 private:
  Generator& generator_;
  Generator::State now_;
};

}  // namespace recur
