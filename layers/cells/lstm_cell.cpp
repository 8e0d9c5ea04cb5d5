#include <recur/layers/cells/lstm_cell.h>

#include <recur/framework/ops/split.h>
#include <recur/layers/fused_activations.h>

namespace recur {

void LSTMCellOptions::fields(Fields& f) {
  f("activation", activation);
  f("recurrent_activation", recurrent_activation);
  GateOptions::fields(f);
  f("unit_forget_bias", unit_forget_bias);
  f("cell_clip", cell_clip);
}

LSTMCell::LSTMCell(Index units, LSTMCellOptions options)
    : options_(std::move(options)), gates_("LSTMCell", units, 4, options_) {
  require<ValueError>(options_.cell_clip >= 0, "LSTMCell: cell_clip must not be negative, got {}", options_.cell_clip);
  require<ValueError>(!options_.unit_forget_bias || options_.bias_initializer.name() != "chrono",
                      "LSTMCell: chrono sets the forget gate's bias, and so does unit_forget_bias; switch that off");
}

void LSTMCell::build(Builder& build) {
  gates_.build(build, units());
  if (options_.use_bias && options_.unit_forget_bias) set_unit_forget_bias(gates_.bias);
}

Step<LSTMState> LSTMCell::call(Var x, State s, const CellContext& context) {
  const auto z = split<4>(gates_(x, s.h, context));
  observe_gates(x.tape(), context, options_.recurrent_activation, [&] {
    return std::array{NamedGate{"input", z[0]}, NamedGate{"forget", z[1]}, NamedGate{"output", z[3]}};
  });
  const auto [h, c] = lstm_gates(z, s.c, options_, context.output);
  return {h, {h, c}};
}

std::array<Var, 2> lstm_gates(const std::array<Var, 4>& z, Var c, const LSTMCellOptions& options, Var place) {
  return with_activations(options.activation, options.recurrent_activation, options.cell_clip,
                          [&](auto act, auto gate, auto cut) {
                            return fuse(
                                into(place),
                                [&](auto zi, auto zf, auto zc, auto zo, auto c0) {
                                  const auto c1 = cut(gate(zf) * c0 + gate(zi) * act(zc));
                                  return std::tuple{gate(zo) * act(c1), c1};
                                },
                                reuse(z), c);
                          });
}

void set_unit_forget_bias(Parameter& bias) {
  dispatch_real(bias.dtype(), [&]<class T>() {
    const auto values = bias.edit().as<T>().values();
    // Only the first row of a bias of two: the rows are added up.
    const Index units = bias.shape().cols() / 4;
    std::fill_n(values.begin() + units, units, T{1});
  });
}

}  // namespace recur
