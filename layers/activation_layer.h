#pragma once

#include <recur/layers/activation.h>
#include <recur/layers/any_layer.h>

namespace recur {

/// An activation as a layer of its own (`tf.keras.layers.Activation`).
class ActivationLayer {
 public:
  static constexpr const char* class_name = "Activation";
  struct Config {
    Activation activation;
    void fields(Fields& f) {
      f.required("activation");
      f("activation", activation);
    }
  };

  explicit ActivationLayer(Activation activation) : config_{activation} {}
  explicit ActivationLayer(Config config) : config_(config) {}

  [[nodiscard]] Var operator()(Var x) const { return config_.activation(x); }
  [[nodiscard]] Activation activation() const { return config_.activation; }
  /// Replaces the activation.
  void set_activation(Activation activation) { config_.activation = activation; }
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
};

}  // namespace recur
