#pragma once

#include <recur/framework/autodiff/parameter.h>

#include <span>
#include <utility>
#include <vector>

namespace recur {

/// A copy of parameters' values to come back to: those of the best epoch.
class Snapshot {
 public:
  /// Copies the values of `parameters`.
  void take(std::span<const NamedParameter> parameters) {
    values_.resize(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) values_[i] = parameters[i].parameter->value().clone();
  }
  /// Puts the values back; does nothing if none were taken.
  void restore(std::span<const NamedParameter> parameters) const {
    for (std::size_t i = 0; i < values_.size(); ++i) parameters[i].parameter->edit().assign(values_[i]);
  }
  /// The values in the order of the parameters; empty if none were taken.
  [[nodiscard]] std::span<const Array> values() const { return values_; }
  void set_values(std::vector<Array> values) { values_ = std::move(values); }

 private:
  std::vector<Array> values_;
};

}  // namespace recur
