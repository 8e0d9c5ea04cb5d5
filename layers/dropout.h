#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Dropout between layers (`tf.keras.layers.Dropout`, `torch.nn.Dropout`), active in training only. Masks come from the
/// tape's generator.
class Dropout {
 public:
  static constexpr const char* class_name = "Dropout";
  struct Config {
    double rate = 0;
    void fields(Fields& f) {
      f.required("rate");
      f("rate", rate);
      f.only_null("seed");
      f.only_null("noise_shape");
    }
  };

  /// Throws ValueError if the rate is outside [0, 1).
  explicit Dropout(double rate) : Dropout(Config{rate}) {}
  explicit Dropout(Config config) : config_(config) {
    require<ValueError>(config.rate >= 0 && config.rate < 1, "Dropout: rate must be in [0, 1), got {}", config.rate);
  }
  [[nodiscard]] Var operator()(Var x) const;
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
};

}  // namespace recur
