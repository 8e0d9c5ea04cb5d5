#pragma once

#include <recur/framework/autodiff/parameter.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace recur::optim {

/// Chooses parameters. An empty filter accepts all.
using ParameterFilter = std::function<bool(const NamedParameter&)>;

/// Accepts parameters whose path contains none of `parts`: `all_but({"bias", "gamma"})`. (Keras
/// exclude_from_weight_decay)
[[nodiscard]] inline ParameterFilter all_but(std::vector<std::string> parts) {
  return [parts = std::move(parts)](const NamedParameter& named) {
    return std::ranges::all_of(parts,
                               [&](const std::string& part) { return named.path.find(part) == std::string::npos; });
  };
}

/// Accepts kernels and tables; refuses biases, gains and other vectors.
[[nodiscard]] inline ParameterFilter matrices_only() {
  return [](const NamedParameter& named) { return named.parameter->shape().rank() >= 2; };
}

/// The results of a filter for a list of parameters.
class Selection {
 public:
  explicit Selection(ParameterFilter filter) : filter_(std::move(filter)) {}
  void bind(std::span<const NamedParameter> all) {
    accepted_.clear();
    if (!filter_) return;
    for (const NamedParameter& named : all) accepted_.push_back(filter_(named));
  }
  /// Returns true if the filter accepts parameter number `parameter` of the list.
  [[nodiscard]] bool accepts(std::size_t parameter) const { return !filter_ || accepted_[parameter]; }

 private:
  ParameterFilter filter_;
  std::vector<bool> accepted_;
};

}  // namespace recur::optim
