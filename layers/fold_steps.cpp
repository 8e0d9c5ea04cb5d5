#include <recur/layers/fold_steps.h>

#include <recur/framework/ops/reshape.h>

namespace recur {

LayerValue FoldSteps::call(const LayerValue& input) const {
  require<ValueError>(!input.is_ids(), "FoldSteps: the input is ids; an Embedding must come first");
  require<ValueError>(!input.mask.defined() && input.lengths.empty(),
                      "FoldSteps: a mask or lengths of single steps cannot be kept; leave padding out");
  const Shape shape = input.value.shape();
  require(shape.rank() == 3 && shape[1] % config_.steps == 0,
          "FoldSteps: input {} where [batch, a multiple of {}, features] is expected", shape, config_.steps);
  LayerValue output;
  output.value = reshape(input.value, {shape[0], shape[1] / config_.steps, config_.steps * shape[2]});
  return output;
}

}  // namespace recur
