#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// gamma (x - mean) / √(variance + epsilon) + beta over the last axis; mean and variance are those of the row (Ba et
/// al. 2016). `gamma` and `beta` are `[features]`; undefined they are 1 and 0. The default epsilon is Keras's (PyTorch:
/// 1e-5). Throws ShapeError if gamma or beta is not `[features]`, ValueError if epsilon is negative.
[[nodiscard]] Var layer_norm(Var x, Var gamma, Var beta, double epsilon = 1e-3);
[[nodiscard]] inline Var layer_norm(Var x, Parameter& gamma, Parameter& beta, double epsilon = 1e-3) {
  return layer_norm(x, x.tape().leaf(gamma), x.tape().leaf(beta), epsilon);
}

}  // namespace recur
