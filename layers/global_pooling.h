#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// The mean over all steps, `[batch, time, features]` → `[batch, features]` (`tf.keras.layers.GlobalAveragePooling1D`). Steps that a
/// mask or lengths leave out do not count; where all are left out, the mean is 0.
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
  /// @throws ValueError for another data_format than channels_last.
  explicit GlobalAveragePooling1D(Config config);

  /// @throws ShapeError for an input with other than three axes, or no steps.
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
