#pragma once

#include <recur/layers/cells/lstm_cell.h>

namespace recur {

struct LayerNormLSTMCellOptions : LSTMCellOptions {
  double epsilon = 1e-3;

  void fields(Fields& f);
};

/// An LSTM with normalized pre-activations and cell state (Ba et al. 2016, equations 20–22):
///
///   z = LN(x·kernel) + LN(h·recurrent_kernel) + bias   c' = f∘c + i∘tanh(z_c)   h' = o∘tanh(LN(c'))
///
/// The carried c' is not normalized. Gains kernel_gamma, recurrent_gamma `[4·units]` and state_gamma `[units]` start at
/// one, state_beta `[units]` at zero; what else is added is in the bias.
class LayerNormLSTMCell {
 public:
  static constexpr const char* class_name = "LayerNormLSTMCell";
  using Options = LayerNormLSTMCellOptions;
  using Config = UnitsConfig<Options>;
  using State = LSTMState;

  /// Throws ValueError if units < 1, a dropout rate is outside [0, 1), or `cell_clip` or `separate_bias` is set, which
  /// this cell does not have.
  explicit LayerNormLSTMCell(Index units, LayerNormLSTMCellOptions options = {});
  explicit LayerNormLSTMCell(Config config) : LayerNormLSTMCell(config.units, std::move(config.options)) {}

  [[nodiscard]] StateSize state_size() const { return {units(), units()}; }
  void build(Builder& build);
  [[nodiscard]] Step<State> call(Var x, State s, const CellContext& context = {});
  void visit(ParameterVisitor& visitor) {
    gates_.visit(visitor);
    visitor(bias_, kernel_gamma_, recurrent_gamma_, state_gamma_, state_beta_);
  }
  [[nodiscard]] Index mask_count() const { return gates_.mask_count(); }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) { gates_.draw_masks(tape, batch, masks); }
  [[nodiscard]] Config config() const { return {units(), options_}; }
  [[nodiscard]] Index units() const { return gates_.units(); }

 private:
  LayerNormLSTMCellOptions options_;
  Gates gates_;  // without bias, which is added after normalizing
  Parameter bias_{"bias"};
  Parameter kernel_gamma_{"kernel_gamma"};
  Parameter recurrent_gamma_{"recurrent_gamma"};
  Parameter state_gamma_{"state_gamma"};
  Parameter state_beta_{"state_beta"};
};

}  // namespace recur
