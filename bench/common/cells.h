#pragma once

#include "step_options.h"

#include <recur/layers/cells/any_cell.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/peephole_lstm_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>

#include <vector>

namespace recur::bench {

/// The stack that the options ask for.
[[nodiscard]] inline std::vector<AnyCell> make_cells(const StepOptions& options) {
  std::vector<AnyCell> cells;
  for (long i = 0; i < options.layers; ++i) {
    if (options.cell == "gru") cells.emplace_back(GRUCell(options.hidden));
    else if (options.cell == "rnn") cells.emplace_back(SimpleRNNCell(options.hidden));
    else if (options.cell == "peephole") cells.emplace_back(PeepholeLSTMCell(options.hidden));
    else cells.emplace_back(LSTMCell(options.hidden));
  }
  return cells;
}

}  // namespace recur::bench
