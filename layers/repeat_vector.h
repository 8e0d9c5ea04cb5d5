#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Repeats its input at n steps, `[batch, features]` → `[batch, n, features]` (`tf.keras.layers.RepeatVector`). Used
/// between an encoder and a decoder.
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

  /// Throws ValueError if n < 1.
  explicit RepeatVector(Index n) : RepeatVector(Config{n}) {}
  explicit RepeatVector(Config config) : config_(config) {
    require<ValueError>(config.n >= 1, "RepeatVector: n must be at least 1, got {}", config.n);
  }

  /// Throws ShapeError if the input does not have two axes.
  [[nodiscard]] Var operator()(Var x) const;
  /// Drops a mask or lengths of the input, which belong to steps before it.
  [[nodiscard]] LayerValue call(const LayerValue& input) const;
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input.inserted(1, config_.n); }
  /// Returns true: each output step depends on the whole input.
  [[nodiscard]] static constexpr bool looks_ahead() { return true; }
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
};

}  // namespace recur
