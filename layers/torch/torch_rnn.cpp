#include <recur/layers/torch/torch_rnn.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/dropout.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/ops/transpose.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/projected_lstm_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>
#include <recur/layers/recurrent/ragged.h>

#include <cmath>

namespace recur {

TorchLayers::TorchLayers(Kind kind, TorchOptions options) : kind_(kind), options_(std::move(options)) {
  const TorchOptions& o = options_;
  require<ValueError>(o.input_size > 0 && o.hidden_size > 0 && o.num_layers > 0 && o.proj_size >= 0,
                      "torch: sizes must be positive, got input_size {}, hidden_size {}, num_layers {}, proj_size {}",
                      o.input_size, o.hidden_size, o.num_layers, o.proj_size);
  require<ValueError>(o.dropout >= 0 && o.dropout < 1, "torch: dropout must be in [0, 1), got {}", o.dropout);
  require<ValueError>(o.proj_size == 0 || kind == Kind::lstm, "torch: proj_size is an option of LSTM only");
  require<ValueError>(o.proj_size < o.hidden_size, "torch: proj_size {} must be smaller than hidden_size {}",
                      o.proj_size, o.hidden_size);
  require<ValueError>(o.nonlinearity == "tanh" || (o.nonlinearity == "relu" && kind == Kind::rnn),
                      "torch: nonlinearity must be tanh, or for RNN relu, got '{}'", o.nonlinearity);
  for (Index layer = 0; layer < o.num_layers; ++layer)
    for (Index d = 0; d < directions(); ++d)
      rnns_.emplace_back(
          make_cell(),
          RNNOptions{.return_sequences = true, .return_state = true, .go_backwards = d == 1, .time_major = true});
}

AnyCell TorchLayers::make_cell() const {
  const double limit = 1 / std::sqrt(static_cast<double>(options_.hidden_size));
  const auto common = [&](auto cell) {
    cell.use_bias = options_.bias;
    cell.kernel_initializer = cell.recurrent_initializer = cell.bias_initializer = random_uniform(-limit, limit);
    cell.separate_bias = true;
    return cell;
  };
  const Index units = options_.hidden_size;
  if (kind_ == Kind::gru) return GRUCell(units, common(GRUCellOptions{}));
  if (kind_ == Kind::rnn) {
    SimpleRNNCellOptions cell = common(SimpleRNNCellOptions{});
    cell.activation = options_.nonlinearity;
    return SimpleRNNCell(units, cell);
  }
  if (options_.proj_size == 0) {
    LSTMCellOptions cell = common(LSTMCellOptions{});
    cell.unit_forget_bias = false;
    return LSTMCell(units, cell);
  }
  ProjectedLSTMCellOptions cell = common(ProjectedLSTMCellOptions{});
  cell.unit_forget_bias = false;
  cell.projection = options_.proj_size;
  cell.projection_initializer = random_uniform(-limit, limit);
  return ProjectedLSTMCell(units, cell);
}

Index TorchLayers::output_size() const {
  return directions() * (options_.proj_size > 0 ? options_.proj_size : options_.hidden_size);
}

void TorchLayers::build(Builder& builder) {
  require(builder.input_size == options_.input_size, "torch: input_size is {}, but the input has {} features",
          options_.input_size, builder.input_size);
  for (std::size_t i = 0; i < rnns_.size(); ++i) {
    Builder part = builder.part(i < static_cast<std::size_t>(directions()) ? options_.input_size : output_size());
    rnns_[i].build(part);
  }
}

void TorchLayers::visit(ParameterVisitor& visitor) {
  for (std::size_t i = 0; i < rnns_.size(); ++i) {
    const auto layer = static_cast<Index>(i) / directions();
    visitor.in("l" + std::to_string(layer) + (static_cast<Index>(i) % directions() == 1 ? "_reverse" : ""), rnns_[i]);
  }
}

Var TorchLayers::run_layer(Index layer, Var x, const TorchResult& before, std::span<const Index> lengths,
                           std::span<Var> final_states) {
  const Index batch = x.shape()[1];
  const auto outputs = x.tape().list<Var>(directions());
  for (Index d = 0; d < directions(); ++d) {
    const Index place = layer * directions() + d;
    RNN& rnn = rnns_[static_cast<std::size_t>(place)];
    const auto initial = x.tape().list<Var>(static_cast<Index>(before.states.size()));
    for (std::size_t s = 0; s < initial.size(); ++s) {
      const Var all = before.states[s];
      initial[s] = reshape(slice(all, 0, place, 1), {batch, all.cols()});
    }
    RNNCall inputs;
    inputs.lengths = lengths;
    inputs.initial_state = initial;
    const RNNResult result = rnn.call(x, inputs);
    outputs[static_cast<std::size_t>(d)] = d == 0 ? result.output : reverse_in_time(result.output, lengths, true);
    for (std::size_t s = 0; s < result.states.size(); ++s)
      final_states[s * rnns_.size() + static_cast<std::size_t>(place)] = result.states[s];
  }
  return outputs.size() == 1 ? outputs[0] : concat(outputs, -1);
}

Var TorchLayers::drop(Var x, std::span<const Var> masks, Index layer) const {
  if (masks.empty()) return dropout(x, options_.dropout, x.tape().generator());
  Var mask = masks[static_cast<std::size_t>(layer)];
  if (mask.shape().rank() == 2) mask = reshape(mask, mask.shape().inserted(1, 1));
  else if (options_.batch_first) mask = transpose(mask, 0, 1);
  require(mask.shape() == x.shape(), "torch: dropout mask {} does not fit the output {} of layer {} (both time-major)",
          mask.shape(), x.shape(), layer);
  return x * mask;
}

TorchResult TorchLayers::call(Var x, std::span<const Var> initial_state, std::span<const Index> lengths,
                              std::span<const Var> dropout_masks) {
  Tape& tape = x.tape();
  require<ValueError>(dropout_masks.empty() || static_cast<Index>(dropout_masks.size()) == mask_count(),
                      "torch: {} dropout masks given, {} are used", dropout_masks.size(), mask_count());
  const bool single = x.shape().rank() == 2;
  require(single || x.shape().rank() == 3, "torch: input {} where {} is expected", x.shape(),
          options_.batch_first ? "[batch, time, features]" : "[time, batch, features]");
  const Index state_count = kind_ == Kind::lstm ? 2 : 1;
  require(initial_state.empty() || static_cast<Index>(initial_state.size()) == state_count,
          "torch: {} initial states given, {} expected", initial_state.size(), state_count);
  if (single) x = reshape(x, x.shape().inserted(1, 1));
  else if (options_.batch_first) x = transpose(x, 0, 1);

  const auto places = static_cast<Index>(rnns_.size());
  const auto before = tape.list<Var>(static_cast<Index>(initial_state.size()));
  for (std::size_t s = 0; s < before.size(); ++s) {
    const Index size = s == 0 ? output_size() / directions() : options_.hidden_size;
    const Var given = initial_state[s];
    const Shape wanted{places, x.shape()[1], size};
    require(given.shape() == (single ? wanted.without(1) : wanted), "torch: initial state {} has shape {}, expected {}",
            s, given.shape(), single ? wanted.without(1) : wanted);
    before[s] = reshape(given, wanted);
  }
  const auto final_states = tape.list<Var>(state_count * places);
  for (Index layer = 0; layer < options_.num_layers; ++layer) {
    x = run_layer(layer, x, {Var(), before}, lengths, final_states);
    if (layer + 1 < options_.num_layers) x = drop(x, dropout_masks, layer);
  }
  const auto states = tape.list<Var>(state_count);
  for (std::size_t s = 0; s < states.size(); ++s) {
    states[s] = stack(final_states.subspan(s * rnns_.size(), rnns_.size()), 0);
    if (single) states[s] = reshape(states[s], states[s].shape().without(1));
  }
  if (single) x = reshape(x, x.shape().without(1));
  else if (options_.batch_first) x = transpose(x, 0, 1);
  return {x, states};
}

LayerValue TorchLayers::call(const LayerValue& input) {
  require<ValueError>(!input.is_ids(), "torch: the input is ids; an Embedding must come first");
  require<ValueError>(!input.mask.defined() && input.constants.empty(),
                      "torch: PyTorch's layers take lengths (a packed sequence), no mask and no constants");
  const TorchResult result = call(input.value, input.initial_state, input.lengths, input.dropout_masks);
  LayerValue output;
  output.value = result.output;
  output.states = result.states;
  output.lengths = input.lengths;
  return output;
}

}  // namespace recur
