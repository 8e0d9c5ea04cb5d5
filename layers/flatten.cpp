#include <recur/layers/flatten.h>

#include <recur/framework/ops/reshape.h>
#include <recur/layers/conv1d.h>

#include <algorithm>

namespace recur {

void Flatten::Config::fields(Fields& f) {
  layout_field(f, class_name);
  f("steps", steps);
}

Flatten::Flatten(Config config) : config_(config) {
  require<ValueError>(config.steps >= 0, "Flatten: steps must not be negative, got {}", config.steps);
}

void Flatten::build(Builder& build) { size_ = Shape{std::max<Index>(config_.steps, 1), build.input_size}.count(); }

Shape Flatten::output_shape(const Shape& input) const {
  const Index steps = input.rank() == 2 ? 0 : input[1];
  require(input.rank() == 2 || input.rank() == 3, "Flatten: input {} where [batch, steps, features] is expected",
          input);
  require(steps == config_.steps || (steps == 1 && config_.steps == 0) || (steps == 0 && config_.steps == 1),
          "Flatten: input {} of a layer for {} steps; give the number of steps, Flatten({})", input, config_.steps,
          std::max<Index>(steps, 1));
  return input.rank() == 2 ? input : Shape{input[0], input[1] * input[2]};
}

LayerValue Flatten::call(const LayerValue& input) const {
  require<ValueError>(!input.is_ids(), "Flatten: the input is ids; an Embedding must come first");
  const Shape shape = output_shape(input.value.shape());
  const bool ragged = input.value.shape().rank() == 3 &&
                      std::ranges::any_of(input.lengths, [&](Index n) { return n != input.value.shape()[1]; });
  require(!ragged, "Flatten: sequences of different lengths; pool them instead (GlobalAveragePooling1D)");
  LayerValue output;
  output.value = reshape(input.value, shape);
  return output;
}

}  // namespace recur
