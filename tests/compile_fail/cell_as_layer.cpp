// Must not compile: a cell among layers.
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/sequential.h>

recur::Sequential model{recur::LSTMCell(3), recur::Dense(3)};
