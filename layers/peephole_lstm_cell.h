#pragma once

#include <recur/framework/ops/split.h>
#include <recur/layers/lstm_cell.h>

namespace recur {

/// An LSTM whose gates see the cell state (Gers & Schmidhuber 2000; `tf.keras.experimental.PeepholeLSTMCell`):
///
///   i, f = σ(z + p∘c)   c' = f∘c + i∘tanh(z_c)   o = σ(z_o + p_o∘c')   h' = o∘tanh(c')
///
/// Peephole weights `[units]` are initialized as the kernel; o sees c' after `cell_clip`, as in TF1. Everything else as
/// `LSTMCell`.
class PeepholeLSTMCell {
 public:
  static constexpr const char* class_name = "PeepholeLSTMCell";
  using Options = LSTMCellOptions;
  using Config = UnitsConfig<Options>;
  using State = LSTMState;

  /// @throws ValueError for units < 1, a dropout rate outside [0, 1) or a negative cell_clip.
  explicit PeepholeLSTMCell(Index units, LSTMCellOptions options = {});
  explicit PeepholeLSTMCell(Config config) : PeepholeLSTMCell(config.units, std::move(config.options)) {}

  [[nodiscard]] StateSize state_size() const { return {units(), units()}; }
  void build(Builder& build);
  [[nodiscard]] Step<State> call(Var x, State s, const CellContext& context = {});
  void visit(ParameterVisitor& visitor) {
    gates_.visit(visitor);
    visitor(input_peephole_, forget_peephole_, output_peephole_);
  }
  [[nodiscard]] Index mask_count() const { return gates_.mask_count(); }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) { gates_.draw_masks(tape, batch, masks); }
  [[nodiscard]] Config config() const { return {units(), options_}; }
  [[nodiscard]] Index units() const { return gates_.units(); }

 private:
  LSTMCellOptions options_;
  Gates gates_;
  Parameter input_peephole_{"input_gate_peephole_weights"};
  Parameter forget_peephole_{"forget_gate_peephole_weights"};
  Parameter output_peephole_{"output_gate_peephole_weights"};
};

inline PeepholeLSTMCell::PeepholeLSTMCell(Index units, LSTMCellOptions options)
    : options_(std::move(options)), gates_("PeepholeLSTMCell", units, 4, options_) {
  require<ValueError>(options_.cell_clip >= 0, "PeepholeLSTMCell: cell_clip must not be negative, got {}",
                      options_.cell_clip);
}

inline void PeepholeLSTMCell::build(Builder& build) {
  gates_.build(build, units());
  if (options_.use_bias && options_.unit_forget_bias) set_unit_forget_bias(gates_.bias);
  for (Parameter* peephole : {&input_peephole_, &forget_peephole_, &output_peephole_})
    build(*peephole, {units()}, options_.kernel_initializer);
}

inline Step<LSTMState> PeepholeLSTMCell::call(Var x, State s, const CellContext& context) {
  auto z = split<4>(gates_(x, s.h, context));
  const auto seen = context.observer == nullptr ? std::array<Var, 4>{} : z.names();
  const auto [h, c] = with_activations(options_.activation, options_.recurrent_activation, [&](auto act, auto gate) {
    const auto step = [&](auto limited) {
      return fuse(
          [&](auto zi, auto zf, auto zc, auto zo, auto c0, auto pi, auto pf, auto po) {
            const auto c1 = limited(gate(zf + pf * c0) * c0 + gate(zi + pi * c0) * act(zc));
            return std::tuple{gate(zo + po * c1) * act(c1), c1};
          },
          std::move(z), s.c, input_peephole_, forget_peephole_, output_peephole_);
    };
    if (options_.cell_clip > 0) return step([k = options_.cell_clip](auto state) { return clip(state, k); });
    return step([](auto state) { return state; });
  });
  observe_gates(x.tape(), context, options_.recurrent_activation, [&, after = c] {
    return std::array{NamedGate{"input", seen[0] + input_peephole_ * s.c},
                      NamedGate{"forget", seen[1] + forget_peephole_ * s.c},
                      NamedGate{"output", seen[3] + output_peephole_ * after}};
  });
  return {h, {h, c}};
}

}  // namespace recur
