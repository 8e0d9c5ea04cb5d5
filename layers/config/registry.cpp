#include <recur/layers/activation_layer.h>
#include <recur/layers/attention.h>
#include <recur/layers/batch_normalization.h>
#include <recur/layers/branches.h>
#include <recur/layers/category_embedding.h>
#include <recur/layers/config/config.h>
#include <recur/layers/conv1d.h>
#include <recur/layers/dense.h>
#include <recur/layers/dropout.h>
#include <recur/layers/embedding.h>
#include <recur/layers/flatten.h>
#include <recur/layers/fold_steps.h>
#include <recur/layers/global_pooling.h>
#include <recur/layers/layer_normalization.h>
#include <recur/layers/masking.h>
#include <recur/layers/pooling.h>
#include <recur/layers/recurrent/bidirectional.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/repeat_vector.h>
#include <recur/layers/select.h>
#include <recur/layers/sequential.h>
#include <recur/layers/spatial_dropout.h>
#include <recur/layers/time_distributed.h>
#include <recur/layers/torch/torch_rnn.h>

namespace recur {

Registry::Registry() {
  add_built_in_cells();
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
  add_layer<SpatialDropout1D>();
  add_layer<ActivationLayer>();
  add_layer<RepeatVector>();
  add_layer<GlobalAveragePooling1D>();
  add_layer<Flatten>();
  add_layer<FoldSteps>();
  add_layer<Branches>();
  add_layer<Select>();
  add_layer<CategoryEmbedding>();
  add_layer<GlobalMaxPooling1D>();
  add_layer<Conv1D>();
  add_layer<MaxPooling1D>();
  add_layer<AveragePooling1D>();
  add_layer<BatchNormalization>();
  add_layer<LayerNormalization>();
  add_layer<Attention>();
  add_layer<AdditiveAttention>();
  add_layer<TorchLSTM>();
  add_layer<TorchGRU>();
  add_layer<TorchRNN>();
}

namespace {

std::vector<std::string> names_of(const auto& entries) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries) names.push_back(name);
  return names;
}

}  // namespace

std::vector<std::string> Registry::cell_names() const { return names_of(cells_); }
std::vector<std::string> Registry::layer_names() const { return names_of(layers_); }

}  // namespace recur
