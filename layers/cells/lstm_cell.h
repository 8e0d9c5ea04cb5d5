#pragma once

#include <recur/layers/activation.h>
#include <recur/layers/cells/gates.h>

namespace recur {

struct LSTMCellOptions : GateOptions {
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;
  /// Let the forget gate's bias begin at one (Jozefowicz et al. 2015).
  bool unit_forget_bias = true;
  /// Cut cell states to [-cell_clip, cell_clip] before they leave the cell (TF1 LSTMCell). 0 for no limit.
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

  /// Throws ValueError if units < 1, a dropout rate is outside [0, 1), cell_clip is negative, or the bias has `chrono`
  /// together with `unit_forget_bias`.
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

/// Returns h' and c' of an LSTM from c and its pre-activations in the order i, f, c, o. For cells that differ from
/// `LSTMCell` in what enters z or in what becomes of h'. Overwrites the values of z. h' lies in `place` unless that is
/// undefined.
[[nodiscard]] std::array<Var, 2> lstm_gates(const std::array<Var, 4>& z, Var c, const LSTMCellOptions& options,
                                            Var place = {});

/// Sets the forget gate's part of a bias to one; gates are in order i, f, c, o.
void set_unit_forget_bias(Parameter& bias);

}  // namespace recur
