#pragma once

#include <recur/layers/dense.h>
#include <recur/layers/losses.h>
#include <recur/train/loop/trainer.h>

// y = 3x - 1, learned by one unit.
struct Line {
  Line() : dense(1) {
    recur::Builder builder(1, recur::DType::float32, recur::Generator(1));
    dense.build(builder);
  }
  [[nodiscard]] recur::Var loss(recur::Tape& tape) {
    return recur::mean_squared_error(dense(tape.constant(x)), tape.constant(y));
  }
  [[nodiscard]] double kernel() const { return dense.kernel.value().to_doubles()[0]; }

  recur::Dense dense;
  recur::Tensor<float> x{{4, 1}, {-1, 0, 1, 2}};
  recur::Tensor<float> y{{4, 1}, {-4, -1, 2, 5}};
};
