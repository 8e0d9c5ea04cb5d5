#pragma once

#include <recur/layers/activation.h>
#include <recur/layers/cells/cell.h>
#include <recur/layers/layer_value.h>

namespace recur {

struct DenseOptions {
  Activation activation = Activation::linear;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform();
  Initializer bias_initializer = zeros();
  Regularizer kernel_regularizer{};
  Regularizer bias_regularizer{};
  /// Penalty on the output, passed on with a `LayerValue`.
  Regularizer activity_regularizer{};
  Constraint kernel_constraint{};
  Constraint bias_constraint{};

  void fields(Fields& f);
};

/// y = act(x·kernel + bias) over the last axis (`tf.keras.layers.Dense`): `[..., features]` → `[..., units]`.
class Dense {
 public:
  static constexpr const char* class_name = "Dense";
  using Config = UnitsConfig<DenseOptions>;
  /// Throws ValueError if units < 1.
  explicit Dense(Index units, DenseOptions options = {});
  explicit Dense(Config config) : Dense(config.units, std::move(config.options)) {}

  Parameter kernel{"kernel"};
  Parameter bias{"bias"};

  void build(Builder& build);
  void visit(ParameterVisitor& visitor) { visitor(kernel, bias); }
  [[nodiscard]] Var operator()(Var x);
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] Index output_size() const { return units_; }
  [[nodiscard]] Config config() const { return {units_, options_}; }
  [[nodiscard]] const DenseOptions& options() const { return options_; }
  /// Replaces the activation and keeps the parameters.
  void set_activation(Activation activation) { options_.activation = activation; }

 private:
  Index units_;
  DenseOptions options_;
};

}  // namespace recur
