#include <recur/layers/global_pooling.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/layers/counted_steps.h>

namespace recur {
namespace {

// [batch, time]: 1/n at the n steps of a sequence that count, 0 elsewhere.
Var shares(const LayerValue& input) {
  const Index batch = input.value.shape()[0], time = input.value.shape()[1];
  std::vector<std::int32_t> numbers;
  for (Index i = 0; i < batch * time; ++i) numbers.push_back(static_cast<std::int32_t>(i));
  const std::vector<std::int32_t> counted = CountedSteps(input).of(numbers);
  std::vector<double> counts(static_cast<std::size_t>(batch));
  for (const std::int32_t step : counted) ++counts[static_cast<std::size_t>(step / time)];
  std::vector<double> result(numbers.size());
  for (const std::int32_t step : counted)
    result[static_cast<std::size_t>(step)] = 1 / counts[static_cast<std::size_t>(step / time)];
  return input.value.tape().constant(Shape{batch * time, 1}, result);
}

}  // namespace

GlobalAveragePooling1D::GlobalAveragePooling1D(Config config) : config_(std::move(config)) {
  require<ValueError>(config_.data_format == "channels_last",
                      "GlobalAveragePooling1D: data_format '{}', only channels_last is supported", config_.data_format);
}

LayerValue GlobalAveragePooling1D::call(const LayerValue& input) const {
  require<ValueError>(!input.is_ids(), "GlobalAveragePooling1D: the input is ids; an Embedding must come first");
  const Shape shape = input.value.shape();
  require(shape.rank() == 3 && shape[1] > 0,
          "GlobalAveragePooling1D: input {} where [batch, time, features] is expected", shape);
  LayerValue output;
  if (CountedSteps(input).all()) {
    output.value = mean(input.value, 1, config_.keepdims);
  } else {
    const Var rows = reshape(input.value, {shape[0] * shape[1], shape[2]}) * shares(input);
    output.value = sum(reshape(rows, shape), 1, config_.keepdims);
  }
  return output;
}

}  // namespace recur
