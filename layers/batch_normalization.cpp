#include <recur/layers/batch_normalization.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/layers/sliding_steps.h>

#include <algorithm>

namespace recur {

void BatchNormalizationOptions::fields(Fields& f) {
  f.axis("axis", axis);
  f("momentum", momentum);
  f("epsilon", epsilon);
  f("center", center);
  f("scale", scale);
  f("beta_initializer", beta_initializer);
  f("gamma_initializer", gamma_initializer);
  f("moving_mean_initializer", moving_mean_initializer);
  f("moving_variance_initializer", moving_variance_initializer);
  f("beta_regularizer", beta_regularizer);
  f("gamma_regularizer", gamma_regularizer);
  f("beta_constraint", beta_constraint);
  f("gamma_constraint", gamma_constraint);
  f("time_major", time_major);
  if (f.reading()) {
    bool other = false;  // in configs of tf.keras and Keras 3
    for (const char* key : {"synchronized", "renorm"}) {
      f(key, other);
      require<ValueError>(!other, "BatchNormalization: {} is not supported", key);
    }
    for (const char* key : {"virtual_batch_size", "adjustment", "renorm_clipping"}) f.only_null(key);
    for (const char* key : {"fused", "renorm_momentum"}) f.without_meaning(key);
  }
}

BatchNormalization::BatchNormalization(BatchNormalizationOptions options) : options_(std::move(options)) {
  require<ValueError>(options_.momentum >= 0 && options_.momentum <= 1,
                      "BatchNormalization: momentum {}, must be in [0, 1]", options_.momentum);
  require<ValueError>(options_.epsilon >= 0, "BatchNormalization: negative epsilon {}", options_.epsilon);
}

void BatchNormalization::build(Builder& build) {
  const BatchNormalizationOptions& o = options_;
  const Shape shape{build.input_size};
  if (o.scale) build(gamma, shape, o.gamma_initializer, o.gamma_regularizer, o.gamma_constraint);
  if (o.center) build(beta, shape, o.beta_initializer, o.beta_regularizer, o.beta_constraint);
  build(moving_mean, shape, o.moving_mean_initializer);
  build(moving_variance, shape, o.moving_variance_initializer);
  moving_mean.trainable = moving_variance.trainable = false;
}

bool BatchNormalization::frozen() const {
  const bool learns = (options_.scale && gamma.trainable) || (options_.center && beta.trainable);
  return !learns && (options_.scale || options_.center);
}

// moving = momentum·moving + (1 - momentum)·present
void BatchNormalization::follow(Parameter& moving, Var present) const {
  const std::vector<double> now = present.to_doubles();
  std::vector<double> values = moving.value().to_doubles();
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = options_.momentum * values[i] + (1 - options_.momentum) * now[i];
  moving.edit().assign(values);
}

// Of the rows that count. `weights` are 1 divided by their number for them, 0 for others.
BatchNormalization::Moments BatchNormalization::moments(Var rows, const LayerValue& input) {
  Tape& tape = rows.tape();
  const auto counted = counted_of("BatchNormalization", input, options_.time_major);
  Moments result;
  if (counted.empty()) {
    result.mean = mean(rows, 0, true);
    result.variance = mean(square(rows - result.mean), 0, true);
  } else {
    const auto count = static_cast<double>(std::ranges::count(counted, 1));
    require<ValueError>(count > 0, "BatchNormalization: no step of the batch counts");
    const Index batch = input.value.shape()[options_.time_major ? 1 : 0];
    const Index time = input.value.shape()[options_.time_major ? 0 : 1];
    std::vector<double> shares;
    for (Index row = 0; row < rows.rows(); ++row) {
      const Index at = options_.time_major ? row % batch * time + row / batch : row;
      shares.push_back(counted[static_cast<std::size_t>(at)] != 0 ? 1 / count : 0);
    }
    const Var weights = tape.constant(Shape{rows.rows(), 1}, shares);
    result.mean = sum(rows * weights, 0, true);
    result.variance = sum(square(rows - result.mean) * weights, 0, true);
  }
  return result;
}

LayerValue BatchNormalization::call(const LayerValue& input) {
  require<ValueError>(!input.is_ids(), "BatchNormalization: the input is ids; an Embedding must come first");
  const Shape shape = input.value.shape();
  require<ValueError>(options_.axis == -1 || options_.axis == shape.rank() - 1,
                      "BatchNormalization: axis {} is not the last one of {}; only that can be normalized",
                      options_.axis, shape);
  require(shape.rank() >= 2 && shape.cols() == moving_mean.size() && shape.rows() > 0,
          "BatchNormalization: input {} of a layer that was built for {} features", shape, moving_mean.size());
  Tape& tape = input.value.tape();
  const Var rows = reshape(input.value, {shape.rows(), shape.cols()});
  Moments m;
  if (tape.training() && !frozen()) {
    m = moments(rows, input);
    follow(moving_mean, m.mean);
    follow(moving_variance, m.variance);
  } else {
    m = {tape.leaf(moving_mean), tape.leaf(moving_variance)};
  }
  // One number for each feature, so that the rows take one loop.
  const Var deviation = sqrt(m.variance + options_.epsilon);
  const Var factor = options_.scale ? Var(tape.leaf(gamma) / deviation) : Var(1.0 / deviation);
  const Var y = options_.center ? Var((rows - m.mean) * factor + tape.leaf(beta)) : Var((rows - m.mean) * factor);
  LayerValue output;
  output.value = reshape(y, shape);
  output.mask = input.mask;
  output.lengths = input.lengths;
  return output;
}

Var BatchNormalization::operator()(Var x) {
  LayerValue input;
  input.value = x;
  return call(input).value;
}

}  // namespace recur
