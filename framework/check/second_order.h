#pragma once

#include <recur/framework/check/gradcheck.h>

#include <vector>

namespace recur {

// Derivatives beyond the gradient, of any function written with values on a tape: forward mode (Jacobian-vector
// products) and Hessian-vector products. The function runs on a tape of `DType::dual`, where every operation computes
// with pairs of a number and its derivative along one direction (dual.h), in backward too: forward over reverse
// (Pearlmutter 1994). All arithmetic is double. docs/second-order.md has examples and what they cost.

/// The numbers of `values`, with `tangent` as the direction in which derivatives are taken: `tape.input(with_tangent(x,
/// v))`.
/// @throws ShapeError when the shapes differ.
[[nodiscard]] Array with_tangent(const Array& values, const Array& tangent);
/// The values alone, of what came from a tape of duals: float64; and the tangents.
[[nodiscard]] Array value_of(const Array& dual);
[[nodiscard]] Array tangent_of(const Array& dual);

/// Something for each argument of a function: a direction, a gradient.
struct PerArgument {
  std::vector<Array> inputs;
  std::vector<Array> parameters;
};

/// The function's arguments: numbers for its inputs, and the parameters it uses, created, of either number type. The
/// seed is that of the tape: dropout draws the same masks for the same one.
struct Arguments {
  std::vector<Array> inputs;
  std::vector<Parameter*> parameters;
  std::uint64_t seed = 0;
};

/// A value and its derivative along a direction.
struct Tangent {
  Array value;
  Array tangent;
};

/// J·v, where J has the derivative of each element of the result by each of the arguments: one forward pass.
/// Layers behave as in training. An empty list in `direction` stands for zeros.
/// @throws ShapeError when the direction does not have the arguments' shapes.
[[nodiscard]] Tangent jacobian_vector_product(const GradcheckFunction& function, const Arguments& at,
                                              const PerArgument& direction);

struct HessianProduct {
  double loss = 0;
  double slope = 0;  ///< Of the loss along the direction.
  PerArgument gradient;
  PerArgument product;  ///< H·v
};

/// H·v, where H has the second derivatives of a loss, a single number, by all arguments: one forward and one backward
/// pass. Parameters' own gradients are left alone. An empty list in `direction` stands for zeros.
/// @throws ShapeError when the direction does not have the arguments' shapes or the loss is not a single number;
/// StateError when it depends on none of the arguments.
[[nodiscard]] HessianProduct hessian_vector_product(const GradcheckFunction& loss, const Arguments& at,
                                                    const PerArgument& direction);

/// d loss / d input for each input, the same shapes: what the loss is sensitive to (saliency). `loss` runs on a tape of
/// the number type of the first input; layers behave as in inference, and parameters get no gradient.
/// @throws ShapeError when the loss is not a single number; StateError when it depends on no input.
[[nodiscard]] std::vector<Array> input_gradients(const GradcheckFunction& loss, std::span<const Array> inputs);

}  // namespace recur
