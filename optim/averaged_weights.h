#pragma once

#include <recur/optim/optimizer.h>

#include <span>
#include <vector>

namespace recur::optim {

/// While it lives, parameters hold the moving averages the optimizer keeps of them, and the optimizer the values:
/// `{ AveragedWeights averaged(optimizer, parameters); loss = evaluate(); }`. Averages are of values before constraints. One inside
/// the life of another does nothing.
class AveragedWeights {
 public:
  /// @throws StateError when the optimizer keeps no averages.
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
