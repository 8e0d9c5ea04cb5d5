#include <recur/layers/cells/attention_cell.h>
#include <recur/layers/cells/coupled_lstm_cell.h>
#include <recur/layers/cells/dropout_cell.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/layer_norm_lstm_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/mgu_cell.h>
#include <recur/layers/cells/peephole_lstm_cell.h>
#include <recur/layers/cells/projected_lstm_cell.h>
#include <recur/layers/cells/residual_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>
#include <recur/layers/cells/zoneout_cell.h>
#include <recur/layers/config/config.h>

namespace recur {

// The registry of cells: a line for each. tests/structure/check_registry finds a header that is missing.
void Registry::add_built_in_cells() {
  add_cell<AttentionCell>();
  add_cell<CoupledLSTMCell>();
  add_cell<DropoutCell>();
  add_cell<GRUCell>();
  add_cell<LayerNormLSTMCell>();
  add_cell<LSTMCell>();
  add_cell<MGUCell>();
  add_cell<PeepholeLSTMCell>();
  add_cell<ProjectedLSTMCell>();
  add_cell<ResidualCell>();
  add_cell<SimpleRNNCell>();
  add_cell<StackedRNNCells>();
  add_cell<ZoneoutCell>();
}

}  // namespace recur
