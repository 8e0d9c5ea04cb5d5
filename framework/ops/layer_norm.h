#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// gamma (x - mean) / √(variance + epsilon) + beta over the last axis, the variance being that of the row itself (Ba et al.
/// 2016). `gamma` and `beta` are `[features]`; an undefined Var stands for 1 and 0. Epsilon is Keras's default (PyTorch: 1e-5).
/// @throws ShapeError when gamma or beta do not have one number for each feature; ValueError for a negative epsilon.
[[nodiscard]] Var layer_norm(Var x, Var gamma, Var beta, double epsilon = 1e-3);
[[nodiscard]] inline Var layer_norm(Var x, Parameter& gamma, Parameter& beta, double epsilon = 1e-3) {
  return layer_norm(x, x.tape().leaf(gamma), x.tape().leaf(beta), epsilon);
}

}  // namespace recur
