#include <recur/layers/cells/peephole_lstm_cell.h>

#include <recur/framework/ops/split.h>
#include <recur/layers/fused_activations.h>

namespace recur {

PeepholeLSTMCell::PeepholeLSTMCell(Index units, LSTMCellOptions options)
    : options_(std::move(options)), gates_("PeepholeLSTMCell", units, 4, options_) {
  require<ValueError>(options_.cell_clip >= 0, "PeepholeLSTMCell: cell_clip must not be negative, got {}",
                      options_.cell_clip);
}

void PeepholeLSTMCell::build(Builder& build) {
  gates_.build(build, units());
  if (options_.use_bias && options_.unit_forget_bias) set_unit_forget_bias(gates_.bias);
  for (Parameter* peephole : {&input_peephole_, &forget_peephole_, &output_peephole_})
    build(*peephole, {units()}, options_.kernel_initializer);
}

Step<LSTMState> PeepholeLSTMCell::call(Var x, State s, const CellContext& context) {
  const auto z = split<4>(gates_(x, s.h, context));
  const bool observed = context.observer != nullptr;  // its gates are shown when the new state is known
  const auto [h, c] = with_activations(
      options_.activation, options_.recurrent_activation, options_.cell_clip, [&](auto act, auto gate, auto cut) {
        return fuse(
            into(context.output),
            [&](auto zi, auto zf, auto zc, auto zo, auto c0, auto pi, auto pf, auto po) {
              const auto c1 = cut(gate(zf + pf * c0) * c0 + gate(zi + pi * c0) * act(zc));
              return std::tuple{gate(zo + po * c1) * act(c1), c1};
            },
            reuse(z, !observed), s.c, input_peephole_, forget_peephole_, output_peephole_);
      });
  observe_gates(x.tape(), context, options_.recurrent_activation, [&, after = c] {
    return std::array{NamedGate{"input", z[0] + input_peephole_ * s.c},
                      NamedGate{"forget", z[1] + forget_peephole_ * s.c},
                      NamedGate{"output", z[3] + output_peephole_ * after}};
  });
  return {h, {h, c}};
}

}  // namespace recur
