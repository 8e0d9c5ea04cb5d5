#pragma once

#include <recur/framework/autodiff/parameter.h>

#include <span>
#include <utility>
#include <vector>

namespace recur {

/// A copy of the values of parameters, to be restored later, such as those of the best epoch.
class Snapshot {
 public:
  /// Copies the values of `parameters`.
  void take(std::span<const NamedParameter> parameters) {
    values_.resize(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) values_[i] = parameters[i].parameter->value().clone();
  }
  /// Assigns the copied values to the parameters; does nothing if `take` was not called.
  void restore(std::span<const NamedParameter> parameters) const {
    for (std::size_t i = 0; i < values_.size(); ++i) parameters[i].parameter->edit().assign(values_[i]);
  }
  /// Returns the copied values in the order of the parameters; empty if `take` was not called.
  [[nodiscard]] std::span<const Array> values() const { return values_; }
  void set_values(std::vector<Array> values) { values_ = std::move(values); }

 private:
  std::vector<Array> values_;
};

}  // namespace recur
