#include <recur/layers/recurrent/truncated_bptt.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/split.h>

#include <algorithm>

namespace recur {

TruncatedBPTT::TruncatedBPTT(TruncatedBPTTOptions options) : options_(options) {
  if (options_.k2 == 0) options_.k2 = options_.k1;
  require<ValueError>(options_.k1 >= 1 && options_.k2 >= options_.k1,
                      "TruncatedBPTT: k1 {} and k2 {}, need 1 <= k1 <= k2", options_.k1, options_.k2);
}

TruncatedBPTT::Window TruncatedBPTT::window(Index index, Index time) const {
  require<ValueError>(index >= 0 && index < count(time), "TruncatedBPTT::window: {} is not in [0, {})", index,
                      count(time));
  const auto begin = [&](Index learn) { return std::max<Index>(0, learn + options_.k1 - options_.k2); };
  const Index learn = index * options_.k1;
  const Index end = std::min(learn + options_.k1, time);
  return {begin(learn), learn, end, std::min(begin(learn + options_.k1), end)};
}

RNNResult TruncatedBPTT::call(RNN& rnn, Var x, const Window& window, RNNCall call) {
  const RNNOptions& options = rnn.options();
  const int axis = options.time_major ? 0 : 1;
  require<ValueError>(options.return_state && !options.go_backwards,
                      "TruncatedBPTT: the RNN needs return_state, and must not go backwards");
  require(x.shape().rank() == 3 && x.shape()[axis] == window.end - window.begin,
          "TruncatedBPTT: input {} for a window of {} steps", x.shape(), window.end - window.begin);
  const Index carry = window.next - window.begin;
  const Index rest = window.end - window.next;
  const auto start = carried_.on(x.tape());
  if (call.initial_state.empty()) call.initial_state = start;
  RNNResult result;
  if (carry == 0 || rest == 0) {
    result = rnn.call(x, call);
    if (rest == 0) carried_.store(result.states);
  } else {
    require<ValueError>(call.lengths.empty(), "TruncatedBPTT: lengths where windows overlap (k2 > k1); use a mask");
    const auto part = [&](Index first, Index steps, std::span<const Var> states) {
      RNNCall own = call;
      own.initial_state = states;
      if (call.mask.defined()) own.mask = slice(call.mask, axis, first, steps);
      return rnn.call(slice(x, axis, first, steps), own);
    };
    const RNNResult before = part(0, carry, call.initial_state);
    carried_.store(before.states);
    result = part(carry, rest, before.states);
    if (options.return_sequences) result.output = concat({before.output, result.output}, axis);
    if (before.penalty.defined()) result.penalty = before.penalty + result.penalty;
  }
  if (options.return_sequences && window.learn > window.begin)
    result.output = slice(result.output, axis, window.learn - window.begin, window.end - window.learn);
  return result;
}

}  // namespace recur
