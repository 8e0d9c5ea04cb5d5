// Must not compile: a State holds Vars only.
#include <recur/layers/recurrent/rnn.h>

struct Counting {
  struct State {
    recur::Var h;
    int steps;
  };
  [[nodiscard]] recur::StateSize state_size() const { return 2; }
  recur::Step<State> call(recur::Var x, State s) { return {x, s}; }
};

int main() { const recur::RNN rnn(Counting{}); }
