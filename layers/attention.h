#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Inputs of an attention layer: queries, and the sequence of values they attend to.
struct AttentionInputs {
  Var query;       ///< `[batch, queries, features]`
  Var value;       ///< `[batch, time, features]`
  Var key;         ///< As value; undefined: the values are the keys.
  Var value_mask;  ///< `[batch, time]`, 0 for values not to be seen; undefined for none.
};

/// Options of both attention layers.
struct AttentionOptions {
  /// Multiply scores by a learned scale.
  bool use_scale = false;
  /// Let query q see the values at steps 0…q only.
  bool causal = false;
  /// Fraction of the weights that is dropped in training.
  double dropout = 0;
};

/// Luong's dot-product attention (`tf.keras.layers.Attention`): softmax(query·keyᵀ)·value, `[batch, queries,
/// features]`. With `use_scale` scores are multiplied by a learned number. In a Sequential, queries, keys and values
/// are the layer's input.
class Attention {
 public:
  static constexpr const char* class_name = "Attention";
  struct Config {
    AttentionOptions options{.use_scale = false};
    void fields(Fields& f);
  };

  Attention() = default;
  /// Throws ValueError if the dropout rate is outside [0, 1).
  explicit Attention(AttentionOptions options) : Attention(Config{options}) {}
  explicit Attention(Config config);

  Parameter scale{"scale"};

  void build(Builder& build) {
    if (config_.options.use_scale) build(scale, {1}, ones());
  }
  void visit(ParameterVisitor& visitor) { visitor(scale); }
  [[nodiscard]] Var operator()(const AttentionInputs& inputs);
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] bool looks_ahead() const { return !config_.options.causal; }
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
};

/// Bahdanau's attention (`tf.keras.layers.AdditiveAttention`): scores are Σ scale∘tanh(query + key), with a learned
/// scale `[features]` unless `use_scale` is false.
class AdditiveAttention {
 public:
  static constexpr const char* class_name = "AdditiveAttention";
  struct Config {
    AttentionOptions options{.use_scale = true};
    void fields(Fields& f);
  };

  AdditiveAttention() = default;
  /// Throws ValueError if the dropout rate is outside [0, 1).
  explicit AdditiveAttention(AttentionOptions options) : AdditiveAttention(Config{options}) {}
  explicit AdditiveAttention(Config config);

  Parameter scale{"scale"};

  void build(Builder& build) {
    if (config_.options.use_scale) build(scale, {build.input_size}, glorot_uniform());
  }
  void visit(ParameterVisitor& visitor) { visitor(scale); }
  [[nodiscard]] Var operator()(const AttentionInputs& inputs);
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] bool looks_ahead() const { return !config_.options.causal; }
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
};

}  // namespace recur
