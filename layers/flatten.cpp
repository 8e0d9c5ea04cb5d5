#include <recur/layers/flatten.h>

#include <recur/framework/ops/reshape.h>

namespace recur {

LayerValue Flatten::call(const LayerValue& input) const {
  require<ValueError>(!input.is_ids(), "Flatten: the input is ids; an Embedding must come first");
  const Shape shape = input.value.shape();
  require(shape.rank() == 3 && shape[1] == config_.steps,
          "Flatten: input {} where [batch, {}, features] is expected (return_sequences before it?)", shape,
          config_.steps);
  LayerValue output;
  output.value = reshape(input.value, {shape[0], shape[1] * shape[2]});
  return output;
}

}  // namespace recur
