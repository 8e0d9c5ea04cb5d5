#pragma once

#include <recur/framework/autodiff/tape.h>

#include <functional>
#include <span>
#include <vector>

namespace recur {

/// Computes the loss of example number `example` on the given tape.
using ExampleLoss = std::function<Var(Tape& tape, Index example)>;

/// Calls `use(example, loss)` for each example while the gradients of `parameters` are those of that example's loss
/// alone. Resets the tape after each example. Restores the gradients of parameters in the end. Throws ShapeError unless
/// a loss is a single number.
void for_each_example_gradient(Tape& tape, Index examples, const ExampleLoss& loss,
                               std::span<Parameter* const> parameters,
                               const std::function<void(Index example, double loss)>& use);

/// Returns the Euclidean norm of each example's gradient over all parameters, as clipping for differential privacy
/// needs it (Abadi et al. 2016).
[[nodiscard]] std::vector<double> per_example_norms(Tape& tape, Index examples, const ExampleLoss& loss,
                                                    std::span<Parameter* const> parameters);

}  // namespace recur
