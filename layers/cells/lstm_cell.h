#pragma once

#include <recur/layers/activation.h>
#include <recur/layers/cells/gates.h>

namespace recur {

struct LSTMCellOptions : GateOptions {
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;
  /// The forget gate's bias starts at one (Jozefowicz et al. 2015).
  bool unit_forget_bias = true;
  /// Cell states are cut to [-cell_clip, cell_clip] before they leave the cell; 0 for no limit (TF1 LSTMCell).
  double cell_clip = 0;

  void fields(Fields& f);
};

/// Long short-term memory (Hochreiter & Schmidhuber 1997; gates as `tf.keras.layers.LSTMCell`, in order i, f, c, o):
///
///   i, f, o = σ(z)   c' = f∘c + i∘tanh(z_c)   h' = o∘tanh(c')      with z = x·kernel + h·recurrent_kernel + bias
///
/// Input `[batch, features]`; output h and states (h, c) `[batch, units]`.
class LSTMCell {
 public:
  static constexpr const char* class_name = "LSTMCell";
  using Options = LSTMCellOptions;
  using Config = UnitsConfig<Options>;
  using State = LSTMState;

  /// @throws ValueError for units < 1, a dropout rate outside [0, 1) or a negative cell_clip, or chrono with
  /// unit_forget_bias.
  explicit LSTMCell(Index units, LSTMCellOptions options = {});
  explicit LSTMCell(Config config) : LSTMCell(config.units, std::move(config.options)) {}

  [[nodiscard]] StateSize state_size() const { return {gates_.units(), gates_.units()}; }
  void build(Builder& build);
  [[nodiscard]] Step<State> call(Var x, State s, const CellContext& context = {});
  void visit(ParameterVisitor& visitor) { gates_.visit(visitor); }
  [[nodiscard]] Index mask_count() const { return gates_.mask_count(); }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) { gates_.draw_masks(tape, batch, masks); }
  [[nodiscard]] Config config() const { return {units(), options_}; }
  [[nodiscard]] const LSTMCellOptions& options() const { return options_; }
  [[nodiscard]] Index units() const { return gates_.units(); }

 private:
  LSTMCellOptions options_;
  Gates gates_;
};

/// h' and c' of an LSTM from its pre-activations in the order i, f, c, o, and c: for cells that differ from `LSTMCell` only in
/// what goes into z and what becomes of h'.
/// The values of z are overwritten. h' lies in `place` unless that is undefined.
[[nodiscard]] std::array<Var, 2> lstm_gates(const std::array<Var, 4>& z, Var c, const LSTMCellOptions& options,
                                            Var place = {});

/// Sets the forget gate's part of a bias in gate order i, f, c, o to one.
void set_unit_forget_bias(Parameter& bias);

}  // namespace recur
