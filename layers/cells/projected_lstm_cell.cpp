#include <recur/layers/cells/projected_lstm_cell.h>

#include <recur/framework/ops/split.h>
#include <recur/layers/fused_activations.h>

namespace recur {

void ProjectedLSTMCellOptions::fields(Fields& f) {
  LSTMCellOptions::fields(f);
  f.required("projection");
  f("projection", projection);
  f("projection_initializer", projection_initializer);
  f("proj_clip", proj_clip);
}

ProjectedLSTMCell::ProjectedLSTMCell(Index units, ProjectedLSTMCellOptions options)
    : options_(std::move(options)), gates_("ProjectedLSTMCell", units, 4, options_) {
  require<ValueError>(options_.projection > 0, "ProjectedLSTMCell: projection must be positive, got {}",
                      options_.projection);
  require<ValueError>(options_.cell_clip >= 0 && options_.proj_clip >= 0,
                      "ProjectedLSTMCell: clips must not be negative, got cell_clip {} and proj_clip {}",
                      options_.cell_clip, options_.proj_clip);
}

void ProjectedLSTMCell::build(Builder& build) {
  gates_.build(build, options_.projection);
  if (options_.use_bias && options_.unit_forget_bias) set_unit_forget_bias(gates_.bias);
  build(projection_kernel_, {units(), options_.projection}, options_.projection_initializer);
}

Step<LSTMState> ProjectedLSTMCell::call(Var x, State s, const CellContext& context) {
  const auto z = split<4>(gates_(x, s.h, context));
  observe_gates(x.tape(), context, options_.recurrent_activation, [&] {
    return std::array{NamedGate{"input", z[0]}, NamedGate{"forget", z[1]}, NamedGate{"output", z[3]}};
  });
  const auto [m, c] = lstm_gates(z, s.c, options_);
  Var h = matmul(m, projection_kernel_);
  if (options_.proj_clip > 0) h = fuse([k = options_.proj_clip](auto p) { return clip(p, k); }, h);
  return {h, {h, c}};
}

}  // namespace recur
