#include <recur/layers/cells/layer_norm_lstm_cell.h>

#include <recur/framework/ops/layer_norm.h>
#include <recur/framework/ops/split.h>
#include <recur/layers/fused_activations.h>

namespace recur {
namespace {

GateOptions without_bias(const GateOptions& options) {
  GateOptions gates = options;
  gates.use_bias = false;
  return gates;
}

}  // namespace

void LayerNormLSTMCellOptions::fields(Fields& f) {
  LSTMCellOptions::fields(f);
  f("epsilon", epsilon);
}

LayerNormLSTMCell::LayerNormLSTMCell(Index units, LayerNormLSTMCellOptions options)
    : options_(std::move(options)), gates_("LayerNormLSTMCell", units, 4, without_bias(options_)) {
  require<ValueError>(options_.cell_clip == 0 && !options_.separate_bias,
                      "LayerNormLSTMCell: there is no cell_clip and no separate_bias");
  require<ValueError>(options_.epsilon >= 0, "LayerNormLSTMCell: epsilon must not be negative, got {}",
                      options_.epsilon);
}

void LayerNormLSTMCell::build(Builder& build) {
  const Index width = 4 * units();
  gates_.build(build, units());
  if (options_.use_bias) {
    build(bias_, {width}, options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint);
    if (options_.unit_forget_bias) set_unit_forget_bias(bias_);
  }
  build(kernel_gamma_, {width}, ones());
  build(recurrent_gamma_, {width}, ones());
  build(state_gamma_, {units()}, ones());
  build(state_beta_, {units()}, zeros());
}

Step<LSTMState> LayerNormLSTMCell::call(Var x, State s, const CellContext& context) {
  Tape& tape = x.tape();
  const Var bias = options_.use_bias ? tape.leaf(bias_) : Var();
  const Var of_input = layer_norm(gates_.input_part(x, context), tape.leaf(kernel_gamma_), bias, options_.epsilon);
  const Var of_state =
      layer_norm(gates_.recurrent_part(s.h, context), tape.leaf(recurrent_gamma_), Var(), options_.epsilon);
  const auto z = split<4>(Var(of_input + of_state));
  observe_gates(x.tape(), context, options_.recurrent_activation, [&] {
    return std::array{NamedGate{"input", z[0]}, NamedGate{"forget", z[1]}, NamedGate{"output", z[3]}};
  });
  return with_activations(options_.activation, options_.recurrent_activation, [&](auto act, auto gate) {
    const Var c = fuse([&](auto zi, auto zf, auto zc, auto c0) { return gate(zf) * c0 + gate(zi) * act(zc); }, z[0],
                       z[1], z[2], s.c);
    const Var normalized = layer_norm(c, state_gamma_, state_beta_, options_.epsilon);
    const Var h = fuse(
        into(context.output), [&](auto zo, auto n) { return gate(zo) * act(n); }, z[3], normalized);
    return Step{h, LSTMState{h, c}};
  });
}

}  // namespace recur
