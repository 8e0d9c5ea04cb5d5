#include <recur/layers/recurrent/states_aside.h>

namespace recur {

StatesAside::StatesAside(std::span<RNN* const> rnns) {
  for (RNN* rnn : rnns) {
    if (!rnn->options().stateful) continue;
    Stored& stored = stored_.emplace_back(Stored{rnn, {}});
    for (const Array& state : rnn->states()) stored.states.push_back(state.clone());
    rnn->set_options(rnn->options());
  }
}

StatesAside::~StatesAside() {
  for (const auto& [rnn, states] : stored_) {
    rnn->set_options(rnn->options());
    if (!states.empty()) rnn->reset_states(states);
  }
}

}  // namespace recur
