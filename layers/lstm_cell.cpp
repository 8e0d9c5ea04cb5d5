#include <recur/layers/lstm_cell.h>

#include <recur/framework/ops/split.h>

namespace recur {

LSTMCell::LSTMCell(Index units, LSTMCellOptions options)
    : options_(std::move(options)), gates_("LSTMCell", units, 4, options_) {}

void LSTMCell::build(Builder& build) {
  gates_.build(build, units());
  if (options_.use_bias && options_.unit_forget_bias) set_unit_forget_bias(gates_.bias);
}

Step<LSTMState> LSTMCell::call(Var x, State s, const CellContext& context) {
  const auto [i, f, g, o] = split<4>(gates_(x, s.h, context));
  const auto [h, c] = with_activations(options_.activation, options_.recurrent_activation, [&](auto act, auto gate) {
    return fuse(
        [&](auto zi, auto zf, auto zc, auto zo, auto c0) {
          const auto c1 = gate(zf) * c0 + gate(zi) * act(zc);
          return std::tuple{gate(zo) * act(c1), c1};
        },
        i, f, g, o, s.c);
  });
  return {h, {h, c}};
}

void set_unit_forget_bias(Parameter& bias) {
  dispatch(bias.dtype(), [&]<class T>() {
    const auto values = bias.edit().as<T>().values();
    std::fill_n(values.begin() + static_cast<Index>(values.size() / 4), values.size() / 4, T{1});
  });
}

}  // namespace recur
