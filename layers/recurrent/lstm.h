#pragma once

#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>
#include <recur/layers/recurrent/rnn.h>

#include <concepts>
#include <utility>

namespace recur {

/// What everybody sets of a recurrent layer, of the cell and of the RNN together: `LSTM(64, {.dropout = 0.2,
/// .return_sequences = true})`. The other options are in the cell's options (`LSTMCellOptions`) and `RNNOptions`, which
/// are given one after the other.
struct LayerOptions {
  /// Share of the inputs, and of the previous outputs, set to zero in training.
  double dropout = 0;
  double recurrent_dropout = 0;
  /// Steps that an LSTM is to remember for: its biases begin as `chrono` says (Tallec & Ollivier 2018). 0: the usual
  /// biases.
  double remember = 0;
  /// Output at every step, not only the last.
  bool return_sequences = false;
  /// Hand out the final states as well.
  bool return_state = false;
  /// Process the steps from last to first.
  bool go_backwards = false;
  /// Start from the states where the last call ended.
  bool stateful = false;
  /// Inputs and sequences are `[time, batch, …]` rather than `[batch, time, …]`.
  bool time_major = false;

  [[nodiscard]] RNNOptions rnn() const {
    RNNOptions options;
    options.return_sequences = return_sequences;
    options.return_state = return_state;
    options.go_backwards = go_backwards;
    options.stateful = stateful;
    options.time_major = time_major;
    return options;
  }
  template <class CellOptions>
  [[nodiscard]] CellOptions cell() const {
    CellOptions options;
    options.dropout = dropout;
    options.recurrent_dropout = recurrent_dropout;
    if (remember == 0) return options;
    if constexpr (requires { options.unit_forget_bias; }) {
      options.bias_initializer = chrono(remember);
      options.unit_forget_bias = false;
    } else {
      fail<ValueError>("LayerOptions: only an LSTM has `remember`");
    }
    return options;
  }
};

/// An RNN of one built-in cell, whose options in a config are those of the cell and of the RNN together.
template <class Cell>
class CellLayer : public RNN {
 public:
  /// Keras's name: the name of the cell without "Cell".
  static constexpr std::string_view class_name =
      std::string_view(Cell::class_name).substr(0, std::string_view(Cell::class_name).size() - 4);
  using CellOptions = typename Cell::Options;
  struct Config {
    UnitsConfig<CellOptions> cell;
    RNNOptions options;
    void fields(Fields& f) {
      cell.fields(f);
      options.fields(f);
    }
  };

  explicit CellLayer(Index units, LayerOptions options = {})
      : CellLayer(units, options.cell<CellOptions>(), options.rnn()) {}
  CellLayer(Index units, CellOptions cell, RNNOptions options)
      : RNN(AnyCell(Cell(units, std::move(cell))), std::move(options)) {}
  /// With the cell's options alone, as a value: braces are LayerOptions.
  template <std::same_as<CellOptions> Options>
  CellLayer(Index units, Options cell) : CellLayer(units, std::move(cell), RNNOptions()) {}
  explicit CellLayer(Config config) : CellLayer(config.cell.units, std::move(config.cell.options), config.options) {}

  [[nodiscard]] Config config() const { return {cell().template as<Cell>().config(), options()}; }
};

/// `tf.keras.layers.LSTM`, `GRU` and `SimpleRNN`: `LSTM(64, {.return_sequences = true})`, or with all options of the
/// cell `LSTM(64, {.unit_forget_bias = false}, {.return_sequences = true})`.
using LSTM = CellLayer<LSTMCell>;
using GRU = CellLayer<GRUCell>;
using SimpleRNN = CellLayer<SimpleRNNCell>;

}  // namespace recur
