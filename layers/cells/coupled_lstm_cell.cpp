#include <recur/layers/cells/coupled_lstm_cell.h>

#include <recur/framework/ops/split.h>
#include <recur/layers/fused_activations.h>

namespace recur {

void CoupledLSTMCellOptions::fields(Fields& f) {
  f("activation", activation);
  f("recurrent_activation", recurrent_activation);
  GateOptions::fields(f);
}

CoupledLSTMCell::CoupledLSTMCell(Index units, CoupledLSTMCellOptions options)
    : options_(std::move(options)), gates_("CoupledLSTMCell", units, 3, options_) {}

Step<LSTMState> CoupledLSTMCell::call(Var x, State s, const CellContext& context) {
  const auto z = split<3>(gates_(x, s.h, context));
  observe_gates(x.tape(), context, options_.recurrent_activation, [&] {
    return std::array{NamedGate{"input", z[0]}, NamedGate{"output", z[2]}};
  });
  const auto [h, c] = with_activations(options_.activation, options_.recurrent_activation, [&](auto act, auto gate) {
    return fuse(
        into(context.output),
        [&](auto zi, auto zc, auto zo, auto c0) {
          const auto c1 = c0 + gate(zi) * (act(zc) - c0);
          return std::tuple{gate(zo) * act(c1), c1};
        },
        reuse(z), s.c);
  });
  return {h, {h, c}};
}

}  // namespace recur
