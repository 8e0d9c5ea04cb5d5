#include <recur/layers/cells/gru_cell.h>

#include <recur/framework/ops/split.h>
#include <recur/layers/fused_activations.h>

namespace recur {

namespace {

GateOptions gate_options(const GRUCellOptions& options) {
  GateOptions gates = options;
  gates.separate_bias = options.reset_after;
  return gates;
}

}  // namespace

void GRUCellOptions::fields(Fields& f) {
  f("activation", activation);
  f("recurrent_activation", recurrent_activation);
  GateOptions::fields(f);
  f("reset_after", reset_after);
}

GRUCell::GRUCell(Index units, GRUCellOptions options)
    : options_(std::move(options)), gates_("GRUCell", units, 3, gate_options(options_)) {
  require<ValueError>(!options_.separate_bias || options_.reset_after,
                      "GRUCell: separate_bias goes with reset_after only, where the bias always has two rows");
}

Step<HiddenState> GRUCell::call(Var x, State s, const CellContext& context) {
  const auto masks = gates_.recurrent_masks(context);
  const Var kept = masks.size() == 1 && options_.implementation == 2 ? Var(s.h * masks[0]) : s.h;
  const Var h = options_.reset_after ? reset_after(x, s.h, kept, context) : reset_before(x, s.h, kept, context);
  return {h, {h}};
}

Var GRUCell::reset_after(Var x, Var h, Var kept_h, const CellContext& context) {
  const auto zx = split<3>(gates_.input_part(x, context));
  const auto zh = split<3>(gates_.recurrent_part(h, context));
  observe_gates(x.tape(), context, options_.recurrent_activation, [&] {
    return std::array{NamedGate{"update", zx[0] + zh[0]}, NamedGate{"reset", zx[1] + zh[1]}};
  });
  return with_activations(options_.activation, options_.recurrent_activation, [&](auto act, auto gate) {
    return fuse(
        into(context.output),
        [&](auto az, auto ar, auto ah, auto bz, auto br, auto bh, auto h0) {
          const auto z = gate(az + bz);
          const auto candidate = act(ah + gate(ar + br) * bh);
          return candidate + z * (h0 - candidate);
        },
        reuse(zx), reuse(zh), kept_h);
  });
}

Var GRUCell::reset_before(Var x, Var h, Var kept_h, const CellContext& context) {
  const auto zx = split<3>(gates_.input_part(x, context));
  const auto masks = gates_.recurrent_masks(context);
  const auto masked = [&](Var v, std::size_t gate) {
    return masks.empty() ? v : Var(v * masks[masks.size() == 1 ? 0 : gate]);
  };
  const auto u = split<3>(x.tape().leaf(gates_.recurrent_kernel));
  const Var hz = matmul(masked(h, 0), u[0]);
  const Var hr = matmul(masked(h, 1), u[1]);
  observe_gates(x.tape(), context, options_.recurrent_activation, [&] {
    return std::array{NamedGate{"update", zx[0] + hz}, NamedGate{"reset", zx[1] + hr}};
  });
  // r1.15 resets before by default, with hard_sigmoid.
  constexpr auto compiled = CompiledPairs::tanh_either_sigmoid;
  return with_activations<compiled>(options_.activation, options_.recurrent_activation, [&](auto act, auto gate) {
    const Var reset = fuse([&](auto a, auto b, auto m) { return gate(a + b) * m; }, zx[1], hr, masked(h, 2));
    const Var candidate = matmul(reset, u[2]);
    return fuse(
        into(context.output),
        [&](auto az, auto bz, auto ah, auto bh, auto h0) {
          const auto c = act(ah + bh);
          return c + gate(az + bz) * (h0 - c);
        },
        zx[0], hz, zx[2], candidate, kept_h);
  });
}

}  // namespace recur
