#pragma once

#include <recur/layers/activation.h>
#include <recur/layers/cells/gates.h>

namespace recur {

struct CoupledLSTMCellOptions : GateOptions {
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;

  void fields(Fields& f);
};

/// An LSTM whose forget gate is 1 - input gate (Greff et al. 2015, "CIFG"; DyNet's coupled LSTM), gates in order i, c,
/// o:
///
///   i, o = σ(z)   c' = (1 - i)∘c + i∘tanh(z_c)   h' = o∘tanh(c')
///
/// kernel `[input, 3·units]`. Input `[batch, features]`; output h and states (h, c) `[batch, units]`.
class CoupledLSTMCell {
 public:
  static constexpr const char* class_name = "CoupledLSTMCell";
  using Options = CoupledLSTMCellOptions;
  using Config = UnitsConfig<Options>;
  using State = LSTMState;

  /// Throws ValueError if units < 1 or a dropout rate is outside [0, 1).
  explicit CoupledLSTMCell(Index units, CoupledLSTMCellOptions options = {});
  explicit CoupledLSTMCell(Config config) : CoupledLSTMCell(config.units, std::move(config.options)) {}

  [[nodiscard]] StateSize state_size() const { return {units(), units()}; }
  void build(Builder& build) { gates_.build(build, units()); }
  [[nodiscard]] Step<State> call(Var x, State s, const CellContext& context = {});
  void visit(ParameterVisitor& visitor) { gates_.visit(visitor); }
  [[nodiscard]] Index mask_count() const { return gates_.mask_count(); }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) { gates_.draw_masks(tape, batch, masks); }
  [[nodiscard]] Config config() const { return {units(), options_}; }
  [[nodiscard]] Index units() const { return gates_.units(); }

 private:
  CoupledLSTMCellOptions options_;
  Gates gates_;
};

}  // namespace recur
