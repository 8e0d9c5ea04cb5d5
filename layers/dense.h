#pragma once

#include <recur/layers/activation.h>
#include <recur/layers/cell.h>

namespace recur {

struct DenseOptions {
  Activation activation = Activation::linear;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform();
  Initializer bias_initializer = zeros();
};

/// y = act(x·kernel + bias) over the last axis (`tf.keras.layers.Dense`): `[..., features]` → `[..., units]`.
class Dense {
 public:
  /// @throws ValueError for units < 1.
  explicit Dense(Index units, DenseOptions options = {});

  Parameter kernel{"kernel"};
  Parameter bias{"bias"};

  void build(Builder& build);
  void visit(ParameterVisitor& visitor) { visitor(kernel, bias); }
  [[nodiscard]] Var operator()(Var x);
  [[nodiscard]] Index output_size() const { return units_; }
  [[nodiscard]] const DenseOptions& options() const { return options_; }

 private:
  Index units_;
  DenseOptions options_;
};

}  // namespace recur
