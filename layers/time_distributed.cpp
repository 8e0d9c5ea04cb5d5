#include <recur/layers/time_distributed.h>

#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/layers/sequential.h>

#include <algorithm>

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
  const Shape outer = input.is_ids() ? input.ids_shape : input.value.shape();
  const auto unfold = [&](Var x) { return x.defined() ? reshape(x, unfolded(x.shape(), outer)) : x; };
  LayerValue inner;
  inner.dropout_masks = input.dropout_masks;
  if (input.is_ids()) {
    inner.tape = input.tape;
    inner.ids = input.ids;
    inner.ids_shape = folded(outer);
  } else {
    inner.value = reshape(input.value, folded(outer));
  }
  const bool is_inner_mask = input.mask.defined() && input.mask.shape().rank() > 2;
  if (is_inner_mask) inner.mask = reshape(input.mask, folded(input.mask.shape()));

  LayerValue output = config_.layer->call(inner);
  output.value = unfold(output.value);
  output.backward = unfold(output.backward);
  const auto states = output.value.tape().list<Var>(static_cast<Index>(output.states.size()));
  std::transform(output.states.begin(), output.states.end(), states.begin(), unfold);
  output.states = states;
  // Where the layer consumed the inner steps, those elements count that had any.
  if (output.mask.defined()) output.mask = unfold(output.mask);
  else output.mask = is_inner_mask ? reduce_max(input.mask, -1) : input.mask;
  output.lengths = input.lengths;
  return output;
}

Shape TimeDistributed::output_shape(const Shape& input) const {
  return unfolded(config_.layer->output_shape(folded(input)), input);
}

}  // namespace recur
