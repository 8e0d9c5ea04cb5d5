#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Puts the features of all steps side by side, `[batch, steps, features]` → `[batch, steps · features]`
/// (`tf.keras.layers.Flatten`). The layers behind it are built for a number of steps, which must be given.
class Flatten {
 public:
  static constexpr const char* class_name = "Flatten";
  struct Config {
    /// Steps of the input; 0 for an input without time axis, which stays as it is. Keras has no such key: there the
    /// shape of the input says it.
    Index steps = 0;
    void fields(Fields& f);
  };

  /// Throws ValueError if steps is negative.
  explicit Flatten(Index steps) : Flatten(Config{steps}) {}
  Flatten() : Flatten(Config{}) {}
  explicit Flatten(Config config);

  void build(Builder& build);
  void visit(ParameterVisitor& /*visitor*/) {}
  /// Throws ShapeError for another number of steps, or if lengths leave steps out.
  [[nodiscard]] LayerValue call(const LayerValue& input) const;
  [[nodiscard]] Index output_size() const { return size_; }
  [[nodiscard]] Shape output_shape(const Shape& input) const;
  [[nodiscard]] bool looks_ahead() const { return config_.steps > 1; }
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
  Index size_ = 0;
};

}  // namespace recur
