// Must not compile: parameters that nothing names would never learn.
#include <recur/layers/cells/stacked_rnn_cells.h>

struct Silent {
  struct State {
    recur::Var h;
  };
  recur::Parameter kernel{"kernel"};
  [[nodiscard]] static recur::StateSize state_size() { return {2}; }
  void build(recur::Builder& builder) { kernel.create({builder.input_size, 2}, builder.dtype()); }
  [[nodiscard]] recur::Step<State> call(recur::Var x, State) { return {x, {x}}; }
};

int main() { const recur::AnyCell cell{Silent{}}; }
