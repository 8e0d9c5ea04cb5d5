#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Makes one step of several: `[batch, time, features]` → `[batch, time / steps, steps·features]`. A week of hours
/// becomes seven steps of 24 numbers, over which a recurrent layer is 24 times quicker.
class FoldSteps {
 public:
  static constexpr const char* class_name = "FoldSteps";
  struct Config {
    Index steps = 1;
    void fields(Fields& f) {
      f.required("steps");
      f("steps", steps);
    }
  };

  /// Throws ValueError if steps < 1.
  explicit FoldSteps(Config config) : config_(config) {
    require<ValueError>(config.steps >= 1, "FoldSteps: steps must be at least 1, got {}", config.steps);
  }
  explicit FoldSteps(Index steps) : FoldSteps(Config{steps}) {}

  void build(Builder& builder) { output_size_ = config_.steps * builder.input_size; }
  // No parameters.
  void visit(ParameterVisitor& /*visitor*/) {}
  /// Throws ShapeError unless the number of steps is a multiple; ValueError for a mask or lengths.
  [[nodiscard]] LayerValue call(const LayerValue& input) const;
  [[nodiscard]] Index output_size() const { return output_size_; }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    return {input[0], input[1] / config_.steps, output_size_};
  }
  [[nodiscard]] static constexpr bool looks_ahead() { return true; }
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
  Index output_size_ = 0;
};

}  // namespace recur
