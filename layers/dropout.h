#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Dropout between layers (`tf.keras.layers.Dropout`, `torch.nn.Dropout`), in training only; masks come from the tape's
/// generator.
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

  /// @throws ValueError for a rate outside [0, 1).
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
