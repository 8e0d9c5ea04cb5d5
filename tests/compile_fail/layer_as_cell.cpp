// Must not compile: a Dense layer cannot be part of a stack of cells.
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>
#include <recur/layers/dense.h>

int main() { const recur::StackedRNNCells cells{recur::GRUCell(2), recur::Dense(2)}; }
