#include <recur/layers/layer_normalization.h>

namespace recur {

void LayerNormalizationOptions::fields(Fields& f) {
  f.axis("axis", axis);
  if (f.reading()) {
    bool rms_scaling = false;  // in configs of Keras 3
    f("rms_scaling", rms_scaling);
    require<ValueError>(!rms_scaling, "LayerNormalization: rms_scaling is not supported");
  }
  f("epsilon", epsilon);
  f("center", center);
  f("scale", scale);
  f("beta_initializer", beta_initializer);
  f("gamma_initializer", gamma_initializer);
  f("beta_regularizer", beta_regularizer);
  f("gamma_regularizer", gamma_regularizer);
  f("beta_constraint", beta_constraint);
  f("gamma_constraint", gamma_constraint);
}

void LayerNormalization::build(Builder& build) {
  const LayerNormalizationOptions& o = options_;
  if (o.scale) build(gamma, {build.input_size}, o.gamma_initializer, o.gamma_regularizer, o.gamma_constraint);
  if (o.center) build(beta, {build.input_size}, o.beta_initializer, o.beta_regularizer, o.beta_constraint);
}

Var LayerNormalization::operator()(Var x) {
  const int last = x.shape().rank() - 1;
  require<ValueError>(options_.axis == -1 || options_.axis == last,
                      "LayerNormalization: axis {} is not the last one of {}; only that can be normalized",
                      options_.axis, x.shape());
  Tape& tape = x.tape();
  return layer_norm(x, options_.scale ? tape.leaf(gamma) : Var(), options_.center ? tape.leaf(beta) : Var(),
                    options_.epsilon);
}

}  // namespace recur
