#pragma once

#include <recur/layers/recurrent/carried_state.h>
#include <recur/layers/recurrent/rnn.h>

namespace recur {

/// In Sutskever's names: after every `k1` steps gradients flow back through the last `k2`.
struct TruncatedBPTTOptions {
  Index k1 = 0;
  /// At least k1; 0: as k1, so that windows follow each other and each step is computed once.
  Index k2 = 0;
};

/// Truncated backpropagation through time: goes through a long sequence window by window. The numbers of the states go on from
/// window to window, and from one call to the next until `reset`; gradients stay within a window. Where k2 > k1 windows overlap:
/// their first k2 - k1 steps have been learned from already and are there for gradients to flow through.
///
///   TruncatedBPTT truncated({.k1 = 50, .k2 = 80});
///   for (Index i = 0; i < truncated.count(time); ++i) {
///     const auto window = truncated.window(i, time);
///     const RNNResult result = truncated.call(rnn, steps_of(tape, window.begin, window.end), window);
///     tape.backward(loss(result.output, targets(window.learn, window.end)));
///     update(); tape.reset();
///   }
///
/// Works with every cell and stack, masks (a masked step where a window or the overlap with the next begins has zeros for its
/// output, as there is none before it), and any `checkpoint` within the window; with lengths only where k1 = k2, each being
/// that within the window. Not with `go_backwards` or Bidirectional: their states come from the future, so there is nothing to
/// carry over; give each window to them whole, and the states of its neighbours stay unknown. Where the RNN is `stateful`
/// already, this is not needed.
class TruncatedBPTT {
 public:
  /// @throws ValueError unless 1 <= k1 <= k2.
  explicit TruncatedBPTT(TruncatedBPTTOptions options);

  struct Window {
    Index begin;  ///< Its first step.
    Index learn;  ///< The first step to learn from.
    Index end;    ///< One past its last.
    Index next;   ///< The first step of the next window: the states before it are carried over.
  };
  /// Windows that a sequence of `time` steps takes; the last may be shorter.
  [[nodiscard]] Index count(Index time) const { return (time + options_.k1 - 1) / options_.k1; }
  /// @throws ValueError for an index outside [0, count(time)).
  [[nodiscard]] Window window(Index index, Index time) const;

  /// Applies `rnn`, which needs return_state, to the steps of a window. An `initial_state` of the call is used in place of the
  /// carried one.
  /// @param x the window's steps, `mask` likewise
  /// @returns the outputs of the steps to learn from (the last output without return_sequences), and the final states
  /// @throws ValueError for an RNN or a call it does not work with, ShapeError when x is not as long as the window.
  [[nodiscard]] RNNResult call(RNN& rnn, Var x, const Window& window, RNNCall call = {});

  /// Starts over with zeros: for another sequence.
  void reset() { carried_.reset(); }
  /// The carried states, to be saved and brought back.
  [[nodiscard]] CarriedState& carried() { return carried_; }

 private:
  TruncatedBPTTOptions options_;
  CarriedState carried_;
};

}  // namespace recur
