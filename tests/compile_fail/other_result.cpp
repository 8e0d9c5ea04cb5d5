// Must not compile: the message must say what call has to return.
#include <recur/layers/recurrent/rnn.h>

struct OtherResult {
  struct State {
    recur::Var h;
  };
  [[nodiscard]] recur::StateSize state_size() const { return 2; }
  recur::Var call(recur::Var x, State) { return x; }
};

int main() { const recur::RNN rnn(OtherResult{}); }
