#include <recur/layers/masking.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reshape.h>

#include <algorithm>

namespace recur {

Var Masking::mask(Var x) const {
  require(x.shape().rank() == 3, "Masking: input {} where [batch, time, features] is expected", x.shape());
  const Var mask = x.tape().output({x.shape()[0], x.shape()[1]}, false);
  dispatch(x.dtype(), [&]<class T>() {
    const auto rows = x.value<T>();
    T* const out = mask.mutable_value<T>().data;
    for (Index r = 0; r < rows.rows; ++r) {
      const std::span<const T> row = rows.row(r);
      out[r] = static_cast<T>(
          std::any_of(row.begin(), row.end(), [this](T v) { return v != static_cast<T>(config_.mask_value); }));
    }
  });
  return mask;
}

LayerValue Masking::call(const LayerValue& input) const {
  require<ValueError>(!input.is_ids(), "Masking: the input is ids; Embedding has mask_zero for them");
  LayerValue output;
  output.mask = mask(input.value);
  const Var rows = reshape(input.value, {input.value.rows(), input.value.cols()});
  output.value = reshape(rows * reshape(output.mask, {output.mask.size(), 1}), input.value.shape());
  return output;
}

}  // namespace recur
