#pragma once

#include <recur/framework/parameter.h>

#include <span>
#include <vector>

namespace recur {

/// A copy of parameters' values to come back to: those of the best epoch.
class Snapshot {
 public:
  void take(std::span<const NamedParameter> parameters) {
    values_.resize(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) values_[i] = parameters[i].parameter->value().clone();
  }
  /// Puts the values back; does nothing if none were taken.
  void restore(std::span<const NamedParameter> parameters) const {
    for (std::size_t i = 0; i < values_.size(); ++i) parameters[i].parameter->edit().assign(values_[i]);
  }

 private:
  std::vector<Array> values_;
};

}  // namespace recur
