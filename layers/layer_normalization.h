#pragma once

#include <recur/framework/ops/layer_norm.h>
#include <recur/layers/any_layer.h>

namespace recur {

struct LayerNormalizationOptions {
  /// The last axis, counted from the end or the beginning: `[batch, time, features]` has -1 or 2.
  int axis = -1;
  double epsilon = 1e-3;
  /// Whether there is an offset beta, and a gain gamma.
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
  /// @throws ValueError when `axis` is not the last one of x.
  [[nodiscard]] Var operator()(Var x);
  [[nodiscard]] Config config() const { return options_; }

 private:
  LayerNormalizationOptions options_;
};

}  // namespace recur
