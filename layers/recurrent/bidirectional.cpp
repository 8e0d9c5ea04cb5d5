#include <recur/layers/recurrent/bidirectional.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/layers/recurrent/ragged.h>

#include <algorithm>
#include <array>

namespace recur {
namespace {

RNN& rnn_of(const AnyLayer& layer, const char* which) {
  require<ValueError>(!layer.empty() && layer->rnn() != nullptr,
                      "Bidirectional: {} must be an RNN, LSTM, GRU or SimpleRNN", which);
  return *layer->rnn();
}

}  // namespace

void Bidirectional::Config::fields(Fields& f) {
  f.required("layer");
  f("layer", layer);
  if (f.reading()) {
    // A second layer of the same config, backwards, unless there is one of its own.
    f("layer", backward_layer);
    if (backward_layer->rnn() != nullptr)
      backward_layer->rnn()->set_options(Bidirectional::flipped(layer->rnn()->options()));
  }
  f("backward_layer", backward_layer);
  f.optional("merge_mode", merge_mode);
}

Bidirectional::Bidirectional(Config config) : config_(std::move(config)) {
  RNN& forward = rnn_of(config_.layer, "layer");
  RNN& backward = rnn_of(config_.backward_layer, "backward_layer");
  RNNOptions a = forward.options();
  RNNOptions b = backward.options();
  require<ValueError>(a.go_backwards != b.go_backwards, "Bidirectional: both layers have go_backwards = {}",
                      a.go_backwards);
  require<ValueError>(
      a.return_sequences == b.return_sequences && a.return_state == b.return_state && a.stateful == b.stateful &&
          a.time_major == b.time_major,
      "Bidirectional: the two layers must agree in return_sequences, return_state, stateful and time_major");
  constexpr std::array<std::string_view, 5> modes = {"concat", "sum", "mul", "ave", ""};
  require<ValueError>(std::find(modes.begin(), modes.end(), config_.merge_mode) != modes.end(),
                      "Bidirectional: merge_mode '{}' is not known (known: concat, sum, mul, ave, none)",
                      config_.merge_mode);
  require<ValueError>(
      config_.merge_mode.empty() || config_.merge_mode == "concat" || forward.output_size() == backward.output_size(),
      "Bidirectional: outputs of {} and {} units cannot be merged by {}", forward.output_size(), backward.output_size(),
      config_.merge_mode);
  a.zero_output_for_mask = b.zero_output_for_mask = a.return_sequences;
  forward.set_options(a);
  backward.set_options(b);
  options_ = a;
}

Bidirectional::Bidirectional(RNN forward, RNN backward, std::string merge_mode)
    : Bidirectional(Config{AnyLayer(std::move(forward)), AnyLayer(std::move(backward)), std::move(merge_mode)}) {}

void Bidirectional::build(Builder& builder) {
  for (AnyLayer* layer : {&config_.layer, &config_.backward_layer}) {
    Builder part = builder.part(builder.input_size);
    layer->build(part);
  }
}

void Bidirectional::visit(ParameterVisitor& visitor) {
  visitor.in("forward", config_.layer);
  visitor.in("backward", config_.backward_layer);
}

Var Bidirectional::merge(Var forward, Var backward) const {
  if (config_.merge_mode == "concat") return concat({forward, backward}, -1);
  if (config_.merge_mode == "sum") return forward + backward;
  if (config_.merge_mode == "mul") return forward * backward;
  return 0.5 * (forward + backward);
}

LayerValue Bidirectional::call(const LayerValue& input) {
  require<ValueError>(!input.is_ids(), "Bidirectional: the input is ids; an Embedding must come first");
  LayerValue ahead = input;
  LayerValue behind = input;
  if (!input.initial_state.empty()) {
    const auto own = static_cast<std::size_t>(config_.layer->rnn()->cell()->state_count());
    const auto other = static_cast<std::size_t>(config_.backward_layer->rnn()->cell()->state_count());
    require(input.initial_state.size() == own + other,
            "Bidirectional: {} initial states given, the forward layer has {} and the backward layer {}",
            input.initial_state.size(), own, other);
    ahead.initial_state = input.initial_state.first(own);
    behind.initial_state = input.initial_state.subspan(own);
  }
  if (!input.dropout_masks.empty()) {
    const auto own = static_cast<std::size_t>(config_.layer->mask_count());
    require<ValueError>(own <= input.dropout_masks.size(), "Bidirectional: too few dropout masks given");
    ahead.dropout_masks = input.dropout_masks.first(own);
    behind.dropout_masks = input.dropout_masks.subspan(own);
  }
  LayerValue output = config_.layer->call(ahead);
  const LayerValue other = config_.backward_layer->call(behind);

  const auto all = input.value.tape().list<Var>(static_cast<Index>(output.states.size() + other.states.size()));
  std::copy(other.states.begin(), other.states.end(),
            std::copy(output.states.begin(), output.states.end(), all.begin()));
  output.states = all;
  add_penalty(output.penalty, other.penalty);
  // Whichever of the two goes backwards has its sequence turned round.
  Var backward = other.value;
  if (options_.return_sequences) {
    Var& reversed = options_.go_backwards ? output.value : backward;
    reversed = reverse_in_time(reversed, input.lengths, options_.time_major);
    output.mask = input.mask;
  }
  if (config_.merge_mode.empty()) output.backward = backward;
  else output.value = merge(output.value, backward);
  return output;
}

Var Bidirectional::operator()(Var x, const RNNCall& inputs) {
  LayerValue input;
  input.value = x;
  input.mask = inputs.mask;
  input.lengths = inputs.lengths;
  input.initial_state = inputs.initial_state;
  input.constants = inputs.constants;
  input.dropout_masks = inputs.dropout_masks;
  return call(input).value;
}

Index Bidirectional::output_size() const {
  const Index forward = config_.layer->rnn()->output_size();
  return config_.merge_mode == "concat" ? forward + config_.backward_layer->rnn()->output_size() : forward;
}

Shape Bidirectional::output_shape(const Shape& input) const {
  return config_.layer->output_shape(input).with(-1, output_size());
}

void Bidirectional::reset_states() {
  config_.layer->reset_states();
  config_.backward_layer->reset_states();
}

}  // namespace recur
