// Must not compile: the message must say how a list of cells is made.
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/recurrent/rnn.h>

#include <vector>

int main() { const recur::RNN rnn(std::vector<recur::GRUCell>{}); }
