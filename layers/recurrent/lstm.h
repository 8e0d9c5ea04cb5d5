#pragma once

#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>
#include <recur/layers/recurrent/rnn.h>

namespace recur {

/// An RNN of one built-in cell. Its config has the options of the cell and of the RNN side by side, as in Keras.
template <class Cell>
class CellLayer : public RNN {
 public:
  /// Keras's name: the name of the cell without "Cell".
  static constexpr std::string_view class_name =
      std::string_view(Cell::class_name).substr(0, std::string_view(Cell::class_name).size() - 4);
  struct Config {
    UnitsConfig<typename Cell::Options> cell;
    RNNOptions options;
    void fields(Fields& f) {
      cell.fields(f);
      options.fields(f);
    }
  };

  explicit CellLayer(Index units, typename Cell::Options cell = {}, RNNOptions options = {})
      : RNN(AnyCell(Cell(units, std::move(cell))), options) {}
  explicit CellLayer(Config config) : CellLayer(config.cell.units, std::move(config.cell.options), config.options) {}

  [[nodiscard]] Config config() const { return {cell().template as<Cell>().config(), options()}; }
};

/// `tf.keras.layers.LSTM`, `GRU` and `SimpleRNN`: `LSTM(64, {}, {.return_sequences = true})`.
using LSTM = CellLayer<LSTMCell>;
using GRU = CellLayer<GRUCell>;
using SimpleRNN = CellLayer<SimpleRNNCell>;

}  // namespace recur
