#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

struct BatchNormalizationOptions {
  /// The last axis, by its number or as -1.
  int axis = -1;
  /// Share of the moving mean and variance that a batch of training leaves.
  double momentum = 0.99;
  double epsilon = 1e-3;
  /// Add an offset beta; multiply by a gain gamma.
  bool center = true;
  bool scale = true;
  Initializer beta_initializer = zeros();
  Initializer gamma_initializer = ones();
  Initializer moving_mean_initializer = zeros();
  Initializer moving_variance_initializer = ones();
  Regularizer beta_regularizer{};
  Regularizer gamma_regularizer{};
  Constraint beta_constraint{};
  Constraint gamma_constraint{};
  /// The input is `[time, batch, features]`.
  bool time_major = false;

  void fields(Fields& f);
};

/// gamma·(x - mean)/√(variance + epsilon) + beta for each feature (`tf.keras.layers.BatchNormalization`; Ioffe &
/// Szegedy 2015). In training, mean and variance are those of all rows of the batch, over steps too, and the moving
/// mean and variance follow them; otherwise the moving ones are used. Steps that a mask or lengths leave out take no
/// part in mean and variance. The variance is divided by the number of rows, for the moving variance too, as Keras does
/// (PyTorch's moving variance is divided by one less).
///
/// The moving mean and variance are parameters that no optimizer changes, so that models and checkpoints hold them. A
/// layer whose gamma and beta are not trainable uses and keeps them in training too, as in Keras.
class BatchNormalization {
 public:
  static constexpr const char* class_name = "BatchNormalization";
  using Config = BatchNormalizationOptions;

  /// Throws ValueError if momentum is outside [0, 1] or epsilon is negative.
  explicit BatchNormalization(BatchNormalizationOptions options = {});

  Parameter gamma{"gamma"};
  Parameter beta{"beta"};
  Parameter moving_mean{"moving_mean"};
  Parameter moving_variance{"moving_variance"};

  void build(Builder& build);
  void visit(ParameterVisitor& visitor) { visitor(gamma, beta, moving_mean, moving_variance); }
  /// Throws ValueError if `axis` is not the last axis, or in training if no step counts.
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] Var operator()(Var x);
  [[nodiscard]] Config config() const { return options_; }

 private:
  struct Moments {
    Var mean, variance;
  };
  [[nodiscard]] bool frozen() const;
  [[nodiscard]] Moments moments(Var rows, const LayerValue& input);
  void follow(Parameter& moving, Var present) const;

  BatchNormalizationOptions options_;
};

}  // namespace recur
