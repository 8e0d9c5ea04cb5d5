#pragma once

#include <recur/layers/activation.h>
#include <recur/layers/cells/gates.h>

namespace recur {

struct SimpleRNNCellOptions : GateOptions {
  Activation activation = Activation::tanh;

  void fields(Fields& f);
};

/// Elman's network (1990), as `tf.keras.layers.SimpleRNNCell`:
///
///   h' = act(x·kernel + h·recurrent_kernel + bias)
///
/// Input `[batch, features]`; output and state h `[batch, units]`.
class SimpleRNNCell {
 public:
  static constexpr const char* class_name = "SimpleRNNCell";
  using Options = SimpleRNNCellOptions;
  using Config = UnitsConfig<Options>;
  using State = HiddenState;

  /// Throws ValueError if units < 1 or a dropout rate is outside [0, 1).
  explicit SimpleRNNCell(Index units, SimpleRNNCellOptions options = {});
  explicit SimpleRNNCell(Config config) : SimpleRNNCell(config.units, std::move(config.options)) {}

  [[nodiscard]] StateSize state_size() const { return gates_.units(); }
  void build(Builder& build) { gates_.build(build, units()); }
  [[nodiscard]] Step<State> call(Var x, State s, const CellContext& context = {});
  void visit(ParameterVisitor& visitor) { gates_.visit(visitor); }
  [[nodiscard]] Index mask_count() const { return gates_.mask_count(); }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) { gates_.draw_masks(tape, batch, masks); }
  [[nodiscard]] Config config() const { return {units(), options_}; }
  [[nodiscard]] const SimpleRNNCellOptions& options() const { return options_; }
  [[nodiscard]] Index units() const { return gates_.units(); }

 private:
  SimpleRNNCellOptions options_;
  Gates gates_;
};

}  // namespace recur
