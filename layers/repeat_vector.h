#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Gives its input at every one of n steps, `[batch, features]` → `[batch, n, features]` (`tf.keras.layers.RepeatVector`): between
/// an encoder and a decoder.
class RepeatVector {
 public:
  static constexpr const char* class_name = "RepeatVector";
  struct Config {
    Index n = 1;
    void fields(Fields& f) {
      f.required("n");
      f("n", n);
    }
  };

  /// @throws ValueError for n < 1.
  explicit RepeatVector(Index n) : RepeatVector(Config{n}) {}
  explicit RepeatVector(Config config) : config_(config) {
    require<ValueError>(config.n >= 1, "RepeatVector: n must be at least 1, got {}", config.n);
  }

  /// @throws ShapeError for an input with other than two axes.
  [[nodiscard]] Var operator()(Var x) const;
  /// A mask or lengths of steps that were before the input are dropped.
  [[nodiscard]] LayerValue call(const LayerValue& input) const;
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input.inserted(1, config_.n); }
  /// Every step holds what was made of all steps before.
  [[nodiscard]] static constexpr bool looks_ahead() { return true; }
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
};

}  // namespace recur
