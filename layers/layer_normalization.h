#pragma once

#include <recur/framework/ops/layer_norm.h>
#include <recur/layers/any_layer.h>

namespace recur {

struct LayerNormalizationOptions {
  /// The last axis, by its number or as -1.
  int axis = -1;
  double epsilon = 1e-3;
  /// Add an offset beta; multiply by a gain gamma.
  bool center = true;
  bool scale = true;
  Initializer beta_initializer = zeros();
  Initializer gamma_initializer = ones();
  Regularizer beta_regularizer{};
  Regularizer gamma_regularizer{};
  Constraint beta_constraint{};
  Constraint gamma_constraint{};

  void fields(Fields& f);
};

/// gamma·(x - mean)/√(variance + epsilon) + beta over the last axis (`tf.keras.layers.LayerNormalization`).
class LayerNormalization {
 public:
  static constexpr const char* class_name = "LayerNormalization";
  using Config = LayerNormalizationOptions;

  explicit LayerNormalization(LayerNormalizationOptions options = {}) : options_(std::move(options)) {}

  Parameter gamma{"gamma"};
  Parameter beta{"beta"};

  void build(Builder& build);
  void visit(ParameterVisitor& visitor) { visitor(gamma, beta); }
  /// Throws ValueError if `axis` is not the last axis of x.
  [[nodiscard]] Var operator()(Var x);
  [[nodiscard]] Config config() const { return options_; }

 private:
  LayerNormalizationOptions options_;
};

}  // namespace recur
