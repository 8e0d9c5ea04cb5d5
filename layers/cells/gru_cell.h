#pragma once

#include <recur/layers/activation.h>
#include <recur/layers/cells/gates.h>

namespace recur {

struct GRUCellOptions : GateOptions {
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;
  /// If true, the reset gate acts after the product with recurrent_kernel (cuDNN, PyTorch, Keras 3). If false, before
  /// it (Cho et al. 2014, Keras r1.15).
  bool reset_after = true;

  void fields(Fields& f);
};

/// Gated recurrent unit (Cho et al. 2014; gates as `tf.keras.layers.GRUCell`, in order z, r, h):
///
///   z, r = σ(…)   h' = z∘h + (1 - z)∘ĥ
///   ĥ = tanh(x·W + b + r∘(h·U + b'))   with reset_after, bias `[2, 3·units]`
///   ĥ = tanh(x·W + b + (r∘h)·U)        otherwise, bias `[3·units]`
///
/// Input `[batch, features]`; output and state h `[batch, units]`. With `implementation = 2` recurrent dropout also
/// acts on the h of z∘h, as in r1.15.
class GRUCell {
 public:
  static constexpr const char* class_name = "GRUCell";
  using Options = GRUCellOptions;
  using Config = UnitsConfig<Options>;
  using State = HiddenState;

  /// Throws ValueError if units < 1 or a dropout rate is outside [0, 1).
  explicit GRUCell(Index units, GRUCellOptions options = {});
  explicit GRUCell(Config config) : GRUCell(config.units, std::move(config.options)) {}

  [[nodiscard]] StateSize state_size() const { return gates_.units(); }
  void build(Builder& build) { gates_.build(build, units()); }
  [[nodiscard]] Step<State> call(Var x, State s, const CellContext& context = {});
  void visit(ParameterVisitor& visitor) { gates_.visit(visitor); }
  [[nodiscard]] Index mask_count() const { return gates_.mask_count(); }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) { gates_.draw_masks(tape, batch, masks); }
  [[nodiscard]] Config config() const { return {units(), options_}; }
  [[nodiscard]] const GRUCellOptions& options() const { return options_; }
  [[nodiscard]] Index units() const { return gates_.units(); }

 private:
  [[nodiscard]] Var reset_after(Var x, Var h, Var kept_h, const CellContext& context);
  [[nodiscard]] Var reset_before(Var x, Var h, Var kept_h, const CellContext& context);

  GRUCellOptions options_;
  Gates gates_;
};

}  // namespace recur
