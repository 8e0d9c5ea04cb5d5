#pragma once

#include <recur/framework/ops/sliding_windows.h>
#include <recur/layers/any_layer.h>

namespace recur {

struct PoolingOptions {
  /// Steps of a window.
  Index pool_size = 2;
  /// Steps from one window to the next; 0 for `pool_size`.
  Index strides = 0;
  /// Causal padding is not possible.
  Padding padding = Padding::valid;
  /// Input and output are `[time, batch, …]`.
  bool time_major = false;

  void fields(Fields& f, const char* layer);
};

namespace detail {

/// What the two layers of pooling have in common.
class Pooling1D {
 public:
  Pooling1D(const char* layer, const PoolingOptions& options);
  [[nodiscard]] Shape output_shape(const Shape& input) const;
  [[nodiscard]] static constexpr bool looks_ahead() { return true; }

 protected:
  using Function = Var (*)(Var x, const SlidingWindows& windows, std::span<const std::uint8_t> counted);
  [[nodiscard]] LayerValue pool(const LayerValue& input, Function function) const;
  [[nodiscard]] const PoolingOptions& pooling_options() const { return options_; }

 private:
  [[nodiscard]] SlidingWindows windows(Index steps) const;

  const char* layer_;
  PoolingOptions options_;
};

}  // namespace detail

/// The largest number of each feature in windows of steps (`tf.keras.layers.MaxPooling1D`): `[batch, time, features]` →
/// `[batch, windows, features]`. Steps that a mask or lengths leave out, and padding, take no part.
class MaxPooling1D : public detail::Pooling1D {
 public:
  static constexpr const char* class_name = "MaxPooling1D";
  struct Config {
    PoolingOptions options;
    void fields(Fields& f) { options.fields(f, class_name); }
  };
  /// Throws ValueError if a size is below 1 or padding is causal.
  explicit MaxPooling1D(PoolingOptions options = {}) : Pooling1D(class_name, options) {}
  explicit MaxPooling1D(Config config) : MaxPooling1D(config.options) {}

  /// Throws ShapeError unless the input has three axes and steps enough for a window.
  [[nodiscard]] LayerValue call(const LayerValue& input) const;
  [[nodiscard]] Config config() const { return {pooling_options()}; }
};

/// The mean of each feature in windows of steps (`tf.keras.layers.AveragePooling1D`): `[batch, time, features]` →
/// `[batch, windows, features]`. Steps that a mask or lengths leave out, and padding, take no part.
class AveragePooling1D : public detail::Pooling1D {
 public:
  static constexpr const char* class_name = "AveragePooling1D";
  struct Config {
    PoolingOptions options;
    void fields(Fields& f) { options.fields(f, class_name); }
  };
  /// Throws ValueError if a size is below 1 or padding is causal.
  explicit AveragePooling1D(PoolingOptions options = {}) : Pooling1D(class_name, options) {}
  explicit AveragePooling1D(Config config) : AveragePooling1D(config.options) {}

  /// Throws ShapeError unless the input has three axes and steps enough for a window.
  [[nodiscard]] LayerValue call(const LayerValue& input) const;
  [[nodiscard]] Config config() const { return {pooling_options()}; }
};

/// The largest number of each feature over all steps, `[batch, time, features]` → `[batch, features]`
/// (`tf.keras.layers.GlobalMaxPooling1D`). Steps that a mask or lengths leave out do not count. The result is 0 if all
/// are left out.
class GlobalMaxPooling1D {
 public:
  static constexpr const char* class_name = "GlobalMaxPooling1D";
  struct Config {
    bool keepdims = false;
    void fields(Fields& f);
  };

  GlobalMaxPooling1D() = default;
  explicit GlobalMaxPooling1D(Config config) : config_(config) {}

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
