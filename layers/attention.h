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

/// Luong's dot-product attention (`tf.keras.layers.Attention`): softmax(query·keyᵀ)·value, `[batch, queries, features]`. With
/// `use_scale` scores are multiplied by one learned number. In a Sequential: attention of a sequence to itself.
class Attention {
 public:
  static constexpr const char* class_name = "Attention";
  struct Config {
    bool use_scale = false;
    void fields(Fields& f) { f("use_scale", use_scale); }
  };

  Attention() = default;
  explicit Attention(Config config) : config_(config) {}

  Parameter scale{"scale"};

  void build(Builder& build) {
    if (config_.use_scale) build(scale, {1}, ones());
  }
  void visit(ParameterVisitor& visitor) { visitor(scale); }
  [[nodiscard]] Var operator()(const AttentionInputs& inputs);
  [[nodiscard]] LayerValue call(const LayerValue& input);
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
    bool use_scale = true;
    void fields(Fields& f) { f("use_scale", use_scale); }
  };

  AdditiveAttention() = default;
  explicit AdditiveAttention(Config config) : config_(config) {}

  Parameter scale{"scale"};

  void build(Builder& build) {
    if (config_.use_scale) build(scale, {build.input_size}, glorot_uniform());
  }
  void visit(ParameterVisitor& visitor) { visitor(scale); }
  [[nodiscard]] Var operator()(const AttentionInputs& inputs);
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
};

}  // namespace recur
