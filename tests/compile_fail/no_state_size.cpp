// Must not compile: the compiler's message must say what the second element of the list lacks.
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>

struct NotACell {
  struct State {
    recur::Var h;
  };
  recur::Step<State> call(recur::Var x, State s) { return {x, s}; }
};

int main() { const recur::StackedRNNCells cells{recur::LSTMCell(2), NotACell{}}; }
