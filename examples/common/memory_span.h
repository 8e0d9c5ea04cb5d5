#pragma once

#include "command_line.h"

#include <recur/layers/cells/lstm_cell.h>

namespace recur::examples {

/// An LSTM whose gates begin as they should to remember for so many steps (`chrono`); 0: with the usual bias.
[[nodiscard]] inline LSTMCell lstm_remembering(double steps, Index units) {
  LSTMCellOptions options;
  if (steps > 0) {
    options.bias_initializer = chrono(steps);
    options.unit_forget_bias = false;
  }
  return LSTMCell(units, options);
}

/// Adds `--chrono`.
inline void add_chrono_option(CommandLine& app, double& steps) {
  app.add_option("--chrono", steps, "steps to remember for, by the gates' first bias; 0: the usual bias of 1")
      .check(not_negative())
      .capture_default_str();
}

}  // namespace recur::examples
