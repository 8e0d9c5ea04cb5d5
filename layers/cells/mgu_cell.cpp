#include <recur/layers/cells/mgu_cell.h>

#include <recur/framework/ops/split.h>
#include <recur/layers/fused_activations.h>

namespace recur {

void MGUCellOptions::fields(Fields& f) {
  f("activation", activation);
  f("recurrent_activation", recurrent_activation);
  GateOptions::fields(f);
}

MGUCell::MGUCell(Index units, MGUCellOptions options)
    : options_(std::move(options)), gates_("MGUCell", units, 2, options_) {
  require<ValueError>(!options_.separate_bias,
                      "MGUCell: separate_bias is only known where no gate acts before a product");
}

Step<HiddenState> MGUCell::call(Var x, State s, const CellContext& context) {
  const auto zx = split<2>(gates_.input_part(x, context));
  const auto masks = gates_.recurrent_masks(context);
  const auto masked = [&](std::size_t gate) {
    return masks.empty() ? s.h : Var(s.h * masks[masks.size() == 1 ? 0 : gate]);
  };
  const auto u = split<2>(x.tape().leaf(gates_.recurrent_kernel));
  const Var hf = matmul(masked(0), u[0]);
  observe_gates(x.tape(), context, options_.recurrent_activation, [&] {
    return std::array{NamedGate{"forget", zx[0] + hf}};
  });
  const Var h = with_activations(options_.activation, options_.recurrent_activation, [&](auto act, auto gate) {
    const Var kept = fuse([&](auto a, auto b, auto m) { return gate(a + b) * m; }, zx[0], hf, masked(1));
    const Var candidate = matmul(kept, u[1]);
    return fuse(
        into(context.output),
        [&](auto af, auto bf, auto ah, auto bh, auto h0) { return h0 + gate(af + bf) * (act(ah + bh) - h0); }, zx[0],
        hf, zx[1], candidate, s.h);
  });
  return {h, {h}};
}

}  // namespace recur
