#pragma once

#include <recur/optim/optimizer.h>

#include <span>
#include <vector>

namespace recur::optim {

/// Exchanges parameters and their moving averages while it lives: `{ AveragedWeights averaged(optimizer, parameters);
/// loss = evaluate(); }`. Averages are of values before constraints. A second object inside the life of the first has
/// no effect.
class AveragedWeights {
 public:
  /// Throws StateError if the optimizer keeps no averages.
  AveragedWeights(Optimizer& optimizer, std::span<const NamedParameter> parameters)
      : optimizer_(optimizer), parameters_(parameters.begin(), parameters.end()), own_(!optimizer.averages_swapped()) {
    if (own_) optimizer_.swap_averages(parameters_);
  }
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;
  ~AveragedWeights() {
    if (own_) optimizer_.swap_averages(parameters_);
  }

 private:
  Optimizer& optimizer_;
  std::vector<NamedParameter> parameters_;
  bool own_;
};

}  // namespace recur::optim
