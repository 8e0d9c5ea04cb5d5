#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Masks the steps whose features all equal `mask_value`, and sets them to zero (`tf.keras.layers.Masking`). Layers
/// after it skip masked steps.
class Masking {
 public:
  static constexpr const char* class_name = "Masking";
  struct Config {
    double mask_value = 0;
    void fields(Fields& f) { f("mask_value", mask_value); }
  };

  explicit Masking(double mask_value = 0) : config_{mask_value} {}
  explicit Masking(Config config) : config_(config) {}

  /// Returns a mask `[batch, time]`, 0 where a step is to be skipped.
  [[nodiscard]] Var mask(Var x) const;
  /// Replaces a mask or lengths of the input.
  [[nodiscard]] LayerValue call(const LayerValue& input) const;
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
};

}  // namespace recur
