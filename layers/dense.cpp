#include <recur/layers/dense.h>

#include <recur/framework/autodiff/linear.h>

namespace recur {

void DenseOptions::fields(Fields& f) {
  f("activation", activation);
  f("use_bias", use_bias);
  f("kernel_initializer", kernel_initializer);
  f("bias_initializer", bias_initializer);
  f("kernel_regularizer", kernel_regularizer);
  f("bias_regularizer", bias_regularizer);
  f("activity_regularizer", activity_regularizer);
  f("kernel_constraint", kernel_constraint);
  f("bias_constraint", bias_constraint);
  for (const char* key : {"lora_rank", "lora_alpha", "quantization_config"}) f.only_null(key);
}

Dense::Dense(Index units, DenseOptions options) : units_(units), options_(std::move(options)) {
  require<ValueError>(units > 0, "Dense: units must be positive, got {}", units);
}

void Dense::build(Builder& build) {
  const DenseOptions& o = options_;
  build(kernel, {build.input_size, units_}, o.kernel_initializer, o.kernel_regularizer, o.kernel_constraint);
  if (o.use_bias) build(bias, {units_}, o.bias_initializer, o.bias_regularizer, o.bias_constraint);
}

Var Dense::operator()(Var x) {
  const Linear z = matmul(x, kernel);
  return options_.activation(options_.use_bias ? Var(z + bias) : Var(z));
}

LayerValue Dense::call(const LayerValue& input) {
  require<ValueError>(!input.is_ids(), "Dense: the input is ids; an Embedding must come first");
  LayerValue output;
  output.value = (*this)(input.value);
  output.mask = input.mask;
  output.lengths = input.lengths;
  if (options_.activity_regularizer) output.penalty = options_.activity_regularizer(output.value);
  return output;
}

}  // namespace recur
