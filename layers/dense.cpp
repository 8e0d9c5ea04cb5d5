#include <recur/layers/dense.h>

#include <recur/framework/linear.h>

namespace recur {

Dense::Dense(Index units, DenseOptions options) : units_(units), options_(std::move(options)) {
  require<ValueError>(units > 0, "Dense: units must be positive, got {}", units);
}

void Dense::build(Builder& build) {
  build(kernel, {build.input_size, units_}, options_.kernel_initializer);
  if (options_.use_bias) build(bias, {units_}, options_.bias_initializer);
}

Var Dense::operator()(Var x) {
  const Linear z = matmul(x, kernel);
  return options_.activation(options_.use_bias ? Var(z + bias) : Var(z));
}

}  // namespace recur
