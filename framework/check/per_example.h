#pragma once

#include <recur/framework/autodiff/tape.h>

#include <functional>
#include <span>
#include <vector>

namespace recur {

/// The loss of one example, on the tape given.
using ExampleLoss = std::function<Var(Tape& tape, Index example)>;

/// Computes the gradient of each example's loss by itself: for each in turn, `use(example, loss)` is called while the gradients of
/// `parameters` are those of that example alone. Only one set of gradients exists at a time. The tape is reset; the
/// parameters' gradients are as before afterwards.
/// @throws as `Tape::backward`
void for_each_example_gradient(Tape& tape, Index examples, const ExampleLoss& loss,
                               std::span<Parameter* const> parameters,
                               const std::function<void(Index example, double loss)>& use);

/// The Euclidean norms of these gradients, over all parameters together: which examples pull hardest, and what clipping for
/// differential privacy needs (Abadi et al. 2016).
[[nodiscard]] std::vector<double> per_example_norms(Tape& tape, Index examples, const ExampleLoss& loss,
                                                    std::span<Parameter* const> parameters);

}  // namespace recur
