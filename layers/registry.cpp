#include <recur/layers/attention.h>
#include <recur/layers/attention_cell.h>
#include <recur/layers/bidirectional.h>
#include <recur/layers/config.h>
#include <recur/layers/coupled_lstm_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/dropout.h>
#include <recur/layers/dropout_cell.h>
#include <recur/layers/embedding.h>
#include <recur/layers/layer_norm_lstm_cell.h>
#include <recur/layers/layer_normalization.h>
#include <recur/layers/lstm.h>
#include <recur/layers/masking.h>
#include <recur/layers/peephole_lstm_cell.h>
#include <recur/layers/projected_lstm_cell.h>
#include <recur/layers/residual_cell.h>
#include <recur/layers/sequential.h>
#include <recur/layers/time_distributed.h>
#include <recur/layers/torch_rnn.h>
#include <recur/layers/zoneout_cell.h>

namespace recur {

Registry::Registry() {
  add_cell<SimpleRNNCell>();
  add_cell<LSTMCell>();
  add_cell<GRUCell>();
  add_cell<PeepholeLSTMCell>();
  add_cell<ProjectedLSTMCell>();
  add_cell<CoupledLSTMCell>();
  add_cell<LayerNormLSTMCell>();
  add_cell<StackedRNNCells>(StackedRNNCells::name_of_class);
  add_cell<ResidualCell>(ResidualCell::name_of_class);
  add_cell<DropoutCell>(DropoutCell::name_of_class);
  add_cell<ZoneoutCell>(ZoneoutCell::name_of_class);
  add_cell<AttentionCell>(AttentionCell::name_of_class);

  add_layer<RNN>();
  add_layer<LSTM>();
  add_layer<GRU>();
  add_layer<SimpleRNN>();
  add_layer<Bidirectional>();
  add_layer<TimeDistributed>();
  add_layer<Sequential>();
  add_layer<Dense>();
  add_layer<Embedding>();
  add_layer<Masking>();
  add_layer<Dropout>();
  add_layer<LayerNormalization>();
  add_layer<Attention>();
  add_layer<AdditiveAttention>();
  add_layer<TorchLSTM>();
  add_layer<TorchGRU>();
  add_layer<TorchRNN>();
}

}  // namespace recur
