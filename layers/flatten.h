#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Puts the features of all steps next to each other, `[batch, steps, features]` → `[batch, steps·features]`
/// (`tf.keras.layers.Flatten`). The number of steps is said, as a layer is built for features alone.
class Flatten {
 public:
  static constexpr const char* class_name = "Flatten";
  struct Config {
    Index steps = 1;
    void fields(Fields& f) {
      f.required("steps");
      f("steps", steps);
      f.only_null("data_format");
    }
  };

  /// Throws ValueError if steps < 1.
  explicit Flatten(Config config) : config_(config) {
    require<ValueError>(config.steps >= 1, "Flatten: steps must be at least 1, got {}", config.steps);
  }
  explicit Flatten(Index steps) : Flatten(Config{steps}) {}

  void build(Builder& builder) { output_size_ = config_.steps * builder.input_size; }
  // No parameters.
  void visit(ParameterVisitor& /*visitor*/) {}
  /// Throws ShapeError for another number of steps or axes. Drops a mask and lengths.
  [[nodiscard]] LayerValue call(const LayerValue& input) const;
  [[nodiscard]] Index output_size() const { return output_size_; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return {input[0], output_size_}; }
  [[nodiscard]] static constexpr bool looks_ahead() { return true; }
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
  Index output_size_ = 0;
};

}  // namespace recur
