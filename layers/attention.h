#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// What the attention layers are called with: several queries look at one sequence of values.
struct AttentionInputs {
  Var query;       ///< `[batch, queries, features]`
  Var value;       ///< `[batch, time, features]`
  Var key;         ///< As value; undefined: the values are the keys.
  Var value_mask;  ///< `[batch, time]`, 0 for values not to be seen; undefined for none.
};

/// What both attention layers can be told.
struct AttentionOptions {
  /// Scores are multiplied by a learned scale.
  bool use_scale = false;
  /// Query q sees the values at steps 0…q only.
  bool causal = false;
  /// Share of the weights dropped in training.
  double dropout = 0;
};

/// Luong's dot-product attention (`tf.keras.layers.Attention`): softmax(query·keyᵀ)·value, `[batch, queries, features]`. With
/// `use_scale` scores are multiplied by one learned number. In a Sequential: attention of a sequence to itself.
class Attention {
 public:
  static constexpr const char* class_name = "Attention";
  struct Config {
    AttentionOptions options{.use_scale = false};
    void fields(Fields& f);
  };

  Attention() = default;
  /// @throws ValueError for a dropout outside [0, 1).
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

/// Bahdanau's attention (`tf.keras.layers.AdditiveAttention`): scores are Σ scale∘tanh(query + key), with a learned scale
/// `[features]` unless `use_scale` is false.
class AdditiveAttention {
 public:
  static constexpr const char* class_name = "AdditiveAttention";
  struct Config {
    AttentionOptions options{.use_scale = true};
    void fields(Fields& f);
  };

  AdditiveAttention() = default;
  /// @throws ValueError for a dropout outside [0, 1).
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
