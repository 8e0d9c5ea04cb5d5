#pragma once

#include <recur/layers/activation.h>
#include <recur/layers/cells/gates.h>

namespace recur {

struct MGUCellOptions : GateOptions {
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;

  void fields(Fields& f);
};

/// Minimal gated unit (Zhou et al. 2016): a GRU whose one gate both resets and updates, in order f, h:
///
///   f = σ(x·W_f + h·U_f + b_f)   ĥ = tanh(x·W_h + (f∘h)·U_h + b_h)   h' = (1 - f)∘h + f∘ĥ
///
/// kernel `[input, 2·units]`. Input `[batch, features]`; output and state h `[batch, units]`.
class MGUCell {
 public:
  static constexpr const char* class_name = "MGUCell";
  using Options = MGUCellOptions;
  using Config = UnitsConfig<Options>;
  using State = HiddenState;

  /// @throws ValueError for units < 1, a dropout rate outside [0, 1) or separate_bias.
  explicit MGUCell(Index units, MGUCellOptions options = {});
  explicit MGUCell(Config config) : MGUCell(config.units, std::move(config.options)) {}

  [[nodiscard]] StateSize state_size() const { return units(); }
  void build(Builder& build) { gates_.build(build, units()); }
  [[nodiscard]] Step<State> call(Var x, State s, const CellContext& context = {});
  void visit(ParameterVisitor& visitor) { gates_.visit(visitor); }
  [[nodiscard]] Index mask_count() const { return gates_.mask_count(); }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) { gates_.draw_masks(tape, batch, masks); }
  [[nodiscard]] Config config() const { return {units(), options_}; }
  [[nodiscard]] Index units() const { return gates_.units(); }

 private:
  MGUCellOptions options_;
  Gates gates_;
};

}  // namespace recur
