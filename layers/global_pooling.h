#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Mean over all steps, `[batch, time, features]` → `[batch, features]` (`tf.keras.layers.GlobalAveragePooling1D`).
/// Steps that a mask or lengths leave out do not count. The mean is 0 if all are left out.
class GlobalAveragePooling1D {
 public:
  static constexpr const char* class_name = "GlobalAveragePooling1D";
  struct Config {
    std::string data_format = "channels_last";
    bool keepdims = false;
    void fields(Fields& f) {
      f("data_format", data_format);
      f("keepdims", keepdims);
    }
  };

  GlobalAveragePooling1D() = default;
  /// Throws ValueError if data_format is not channels_last.
  explicit GlobalAveragePooling1D(Config config);

  /// Throws ShapeError if the input does not have three axes, or has no steps.
  [[nodiscard]] LayerValue call(const LayerValue& input) const;
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    return config_.keepdims ? input.with(1, 1) : input.without(1);
  }
  [[nodiscard]] static constexpr bool looks_ahead() { return true; }
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
};

}  // namespace recur
