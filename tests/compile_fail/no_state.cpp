// Must not compile: a number is no cell.
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>

int main() { const recur::StackedRNNCells cells{recur::GRUCell(2), 128}; }
