#include <recur/layers/time_distributed.h>

#include <recur/framework/ops/reshape.h>
#include <recur/layers/sequential.h>

namespace recur {
namespace {

Shape folded(const Shape& shape) {
  require(shape.rank() >= 3, "TimeDistributed: input {} where [batch, time, …] is expected", shape);
  return shape.without(0).with(0, shape[0] * shape[1]);
}

Shape unfolded(const Shape& shape, const Shape& input) { return shape.inserted(0, input[0]).with(1, input[1]); }

}  // namespace

void TimeDistributed::build(Builder& builder) {
  const Index size = builder.input_size;
  config_.layer.build(builder);
  output_size_ = config_.layer->output_size(size);
}

void TimeDistributed::visit(ParameterVisitor& visitor) {
  visitor.in(name_.empty() ? snake_case(config_.layer->class_name()) : name_, config_.layer);
}

LayerValue TimeDistributed::call(const LayerValue& input) {
  require<ValueError>(!input.is_ids(), "TimeDistributed: the input is ids; an Embedding must come first");
  LayerValue inner;
  inner.value = reshape(input.value, folded(input.value.shape()));
  LayerValue output = config_.layer->call(inner);
  output.value = reshape(output.value, unfolded(output.value.shape(), input.value.shape()));
  output.mask = input.mask;
  output.lengths = input.lengths;
  return output;
}

Shape TimeDistributed::output_shape(const Shape& input) const {
  return unfolded(config_.layer->output_shape(folded(input)), input);
}

}  // namespace recur
