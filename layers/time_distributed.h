#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Applies any layer to each step of `[batch, time, …]`, numbers or ids (`tf.keras.layers.TimeDistributed`): batch and
/// time are folded for it, and unfolded in all it hands out. A mask `[batch, time]` is passed on; one of inner steps,
/// `[batch, time, steps]`, goes to the layer.
class TimeDistributed {
 public:
  static constexpr const char* class_name = "TimeDistributed";
  struct Config {
    AnyLayer layer;
    void fields(Fields& f) {
      f.required("layer");
      f("layer", layer);
    }
  };

  /// @throws ValueError for no layer.
  explicit TimeDistributed(AnyLayer layer) : TimeDistributed(Config{std::move(layer)}) {}
  explicit TimeDistributed(Config config) : config_(std::move(config)) {
    require<ValueError>(!config_.layer.empty(), "TimeDistributed: no layer given");
    name_ = config_.layer.common.name;
  }

  void build(Builder& builder);
  void visit(ParameterVisitor& visitor);
  /// @throws ShapeError for an input of fewer than three axes.
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] Shape output_shape(const Shape& input) const;
  [[nodiscard]] Index output_size() const { return output_size_; }
  [[nodiscard]] Index mask_count() const { return config_.layer->mask_count(); }
  void reset_states() { config_.layer->reset_states(); }
  [[nodiscard]] std::vector<AnyLayer*> parts() { return {&config_.layer}; }
  static constexpr bool distributes_time = true;
  [[nodiscard]] Config& config() { return config_; }

 private:
  Config config_;
  std::string name_;
  Index output_size_ = 0;
};

}  // namespace recur
