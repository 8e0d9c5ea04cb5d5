#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Marks the steps all of whose features equal `mask_value` to be skipped by the layers after it, and sets them to zero
/// (`tf.keras.layers.Masking`).
class Masking {
 public:
  static constexpr const char* class_name = "Masking";
  struct Config {
    double mask_value = 0;
    void fields(Fields& f) { f("mask_value", mask_value); }
  };

  explicit Masking(double mask_value = 0) : config_{mask_value} {}
  explicit Masking(Config config) : config_(config) {}

  /// `[batch, time]`, 0 where a step is to be skipped.
  [[nodiscard]] Var mask(Var x) const;
  /// A mask or lengths that came with the input are replaced.
  [[nodiscard]] LayerValue call(const LayerValue& input) const;
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
};

}  // namespace recur
