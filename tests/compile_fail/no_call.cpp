// Must not compile: the message must say that the first element of the list cannot be called.
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>

struct NoCall {
  struct State {
    recur::Var h;
  };
  [[nodiscard]] recur::StateSize state_size() const { return 2; }
};

int main() { const recur::StackedRNNCells cells{NoCall{}, recur::GRUCell(2)}; }
