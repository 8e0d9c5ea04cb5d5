#include "every_cell.h"

#include <recur/layers/cells/attention_cell.h>
#include <recur/layers/cells/coupled_lstm_cell.h>
#include <recur/layers/cells/dropout_cell.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/layer_norm_lstm_cell.h>
#include <recur/layers/cells/mgu_cell.h>
#include <recur/layers/cells/peephole_lstm_cell.h>
#include <recur/layers/cells/projected_lstm_cell.h>
#include <recur/layers/cells/residual_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>
#include <recur/layers/cells/zoneout_cell.h>

namespace recur::test {
namespace {

LSTMCell dropping_lstm() { return LSTMCell(4, dropping(LSTMCellOptions{}, 1)); }

}  // namespace

std::vector<NamedCell> all_cells() {
  std::vector<NamedCell> cells;
  const auto add = [&](std::string name, AnyCell cell) { cells.push_back({std::move(name), std::move(cell)}); };
  add("SimpleRNN", SimpleRNNCell(4));
  add("LSTM", LSTMCell(4));
  add("LSTM softsign, hard_sigmoid_v3", [] {
    LSTMCellOptions o;
    o.activation = Activation::softsign;
    o.recurrent_activation = Activation::hard_sigmoid_v3;
    return LSTMCell(4, o);
  }());
  add("GRU reset_after", GRUCell(4));
  GRUCellOptions before;
  before.reset_after = false;
  add("GRU reset before", GRUCell(4, before));
  add("PeepholeLSTM", PeepholeLSTMCell(4));
  ProjectedLSTMCellOptions projected;
  projected.projection = 3;
  add("ProjectedLSTM", ProjectedLSTMCell(4, projected));
  add("CoupledLSTM", CoupledLSTMCell(4));
  add("MGU", MGUCell(4));
  add("LayerNormLSTM", LayerNormLSTMCell(4));
  add("Residual", ResidualCell(GRUCell(cell_features)));
  add("Stacked", StackedRNNCells(LSTMCell(4), StackedRNNCells(GRUCell(3), SimpleRNNCell(2))));
  for (const int implementation : {1, 2}) {
    const std::string tag = ", dropout " + std::to_string(implementation);
    add("SimpleRNN" + tag, SimpleRNNCell(4, dropping(SimpleRNNCellOptions{}, implementation)));
    add("LSTM" + tag, LSTMCell(4, dropping(LSTMCellOptions{}, implementation)));
    add("GRU reset_after" + tag, GRUCell(4, dropping(GRUCellOptions{}, implementation)));
    add("GRU reset before" + tag, GRUCell(4, dropping(before, implementation)));
    add("PeepholeLSTM" + tag, PeepholeLSTMCell(4, dropping(LSTMCellOptions{}, implementation)));
    add("ProjectedLSTM" + tag, ProjectedLSTMCell(4, dropping(projected, implementation)));
    add("CoupledLSTM" + tag, CoupledLSTMCell(4, dropping(CoupledLSTMCellOptions{}, implementation)));
    add("MGU" + tag, MGUCell(4, dropping(MGUCellOptions{}, implementation)));
    add("LayerNormLSTM" + tag, LayerNormLSTMCell(4, dropping(LayerNormLSTMCellOptions{}, implementation)));
  }
  add("Dropout", DropoutCell(LSTMCell(4), {.input_dropout = 0.3, .output_dropout = 0.4}));
  add("Zoneout", ZoneoutCell(LSTMCell(4), {.zoneout_h = 0.2, .zoneout_c = 0.3}));
  LSTMCellOptions clipped;
  clipped.cell_clip = 0.4;
  clipped.separate_bias = true;
  add("LSTM cell_clip, separate_bias", LSTMCell(4, clipped));
  for (const char* score : {"additive", "dot"})
    add(std::string("Attention ") + score, AttentionCell(LSTMCell(3), memory_size, {.units = 4, .score = score}));
  add("Stack with attention", StackedRNNCells(dropping_lstm(), AttentionCell(GRUCell(3), memory_size, {.units = 2}),
                                              ResidualCell(AttentionCell(GRUCell(3), memory_size, {.units = 2}))));
  return cells;
}

}  // namespace recur::test
