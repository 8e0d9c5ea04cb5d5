#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Dropout of whole features of `[batch, time, features]`: each is dropped at all steps of a sequence or at none
/// (`tf.keras.layers.SpatialDropout1D`). In training only; masks come from the tape's generator.
class SpatialDropout1D {
 public:
  static constexpr const char* class_name = "SpatialDropout1D";
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
  explicit SpatialDropout1D(double rate) : SpatialDropout1D(Config{rate}) {}
  explicit SpatialDropout1D(Config config) : config_(config) {
    require<ValueError>(config.rate >= 0 && config.rate < 1, "SpatialDropout1D: rate must be in [0, 1), got {}",
                        config.rate);
  }
  /// @throws ShapeError for an input with other than three axes.
  [[nodiscard]] Var operator()(Var x) const;
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
};

}  // namespace recur
