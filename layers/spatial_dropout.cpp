#include <recur/layers/spatial_dropout.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/dropout.h>
#include <recur/framework/ops/gather.h>
#include <recur/framework/ops/reshape.h>

namespace recur {

Var SpatialDropout1D::operator()(Var x) const {
  const Shape shape = x.shape();
  require(shape.rank() == 3, "SpatialDropout1D: input {} where [batch, time, features] is expected", shape);
  Tape& tape = x.tape();
  if (config_.rate == 0 || !tape.training()) return x;
  const Var mask = dropout_mask(tape, {shape[0], shape[2]}, config_.rate, tape.generator());
  std::vector<std::int32_t> sequences;
  for (Index i = 0; i < shape[0] * shape[1]; ++i) sequences.push_back(static_cast<std::int32_t>(i / shape[1]));
  return x * gather(mask, sequences, {shape[0], shape[1]});
}

}  // namespace recur
