#include <recur/layers/repeat_vector.h>

#include <recur/framework/ops/gather.h>

namespace recur {

Var RepeatVector::operator()(Var x) const {
  require(x.shape().rank() == 2,
          "RepeatVector: input {} where [batch, features] is expected (return_sequences before it?)", x.shape());
  const Index batch = x.shape()[0];
  std::vector<std::int32_t> rows;
  for (Index i = 0; i < batch * config_.n; ++i) rows.push_back(static_cast<std::int32_t>(i / config_.n));
  return gather(x, rows, {batch, config_.n});
}

LayerValue RepeatVector::call(const LayerValue& input) const {
  require<ValueError>(!input.is_ids(), "RepeatVector: the input is ids; an Embedding must come first");
  LayerValue output;
  output.value = (*this)(input.value);
  return output;
}

}  // namespace recur
