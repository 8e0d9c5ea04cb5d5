#pragma once

#include <recur/layers/cells/lstm_cell.h>

namespace recur {

/// An LSTM whose gates see the cell state (Gers & Schmidhuber 2000; `tf.keras.experimental.PeepholeLSTMCell`):
///
///   i, f = σ(z + p∘c)   c' = f∘c + i∘tanh(z_c)   o = σ(z_o + p_o∘c')   h' = o∘tanh(c')
///
/// Peephole weights `[units]` are initialized like the kernel. o sees c' after `cell_clip`, as in TF1. Options are
/// those of `LSTMCell`.
class PeepholeLSTMCell {
 public:
  static constexpr const char* class_name = "PeepholeLSTMCell";
  using Options = LSTMCellOptions;
  using Config = UnitsConfig<Options>;
  using State = LSTMState;

  /// Throws ValueError if units < 1, a dropout rate is outside [0, 1), or cell_clip is negative.
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

}  // namespace recur
