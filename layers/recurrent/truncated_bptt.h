#pragma once

#include <recur/layers/recurrent/carried_state.h>
#include <recur/layers/recurrent/rnn.h>

namespace recur {

/// After every `k1` steps, gradients flow back through the last `k2` steps (Sutskever's names).
struct TruncatedBPTTOptions {
  Index k1 = 0;
  /// At least k1. 0 stands for k1: windows then do not overlap, and each step is computed once.
  Index k2 = 0;
};

/// Truncated backpropagation through time: processes a long sequence window by window. States are carried from window
/// to window, and from one sequence to the next until `reset`. Gradients stay within a window. If k2 > k1, windows
/// overlap: the loss leaves out the first k2 - k1 steps of a window, through which gradients flow back.
///
///   TruncatedBPTT truncated({.k1 = 50, .k2 = 80});
///   for (Index i = 0; i < truncated.count(time); ++i) {
///     const auto window = truncated.window(i, time);
///     const RNNResult result = truncated.call(rnn, steps_of(tape, window.begin, window.end), window);
///     tape.backward(loss(result.output, targets(window.learn, window.end)));
///     update(); tape.reset();
///   }
///
/// Works with every cell and stack, with masks, and with any `RNNOptions::checkpoint`. A masked step at the beginning
/// of a window, or of the overlap with the next window, has zeros for its output. Lengths need k1 = k2, and are the
/// lengths within the window. `go_backwards` and Bidirectional are refused, because their initial states would come
/// from the future. A `stateful` RNN does not need this class.
class TruncatedBPTT {
 public:
  /// Throws ValueError unless 1 <= k1 <= k2.
  explicit TruncatedBPTT(TruncatedBPTTOptions options);

  struct Window {
    Index begin;  ///< First step of the window.
    Index learn;  ///< First step whose output is part of the loss.
    Index end;    ///< One past the last step of the window.
    Index next;   ///< First step of the next window. The states before this step are carried over.
  };
  /// Returns the number of windows of a sequence of `time` steps. The last window may be shorter.
  [[nodiscard]] Index count(Index time) const { return (time + options_.k1 - 1) / options_.k1; }
  /// Returns window `index` of a sequence of `time` steps. Throws ValueError if index is outside [0, count(time)).
  [[nodiscard]] Window window(Index index, Index time) const;

  /// Calls `rnn`, which needs `return_state`, with the steps of a window. `call.initial_state` replaces the carried
  /// states.
  /// @param x the steps of the window, `[batch, steps, features]`; `call.mask` has the steps of the window too
  /// @returns the outputs of steps [learn, end), or the last output without `return_sequences`, and the final states
  /// Throws ValueError if the options of `rnn` or the call do not go with truncation, ShapeError if x is not as long as
  /// the window.
  [[nodiscard]] RNNResult call(RNN& rnn, Var x, const Window& window, RNNCall call = {});

  /// Forgets the carried states: the next sequence begins with zeros.
  void reset() { carried_.reset(); }
  /// Returns the carried states, for saving and restoring.
  [[nodiscard]] CarriedState& carried() { return carried_; }

 private:
  TruncatedBPTTOptions options_;
  CarriedState carried_;
};

}  // namespace recur
