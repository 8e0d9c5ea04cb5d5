#pragma once

#include <recur/framework/autodiff/parameter.h>

#include <deque>
#include <span>
#include <string>
#include <vector>

/// Parameters without a model, for tests of optimizers.
class ToyModel {
 public:
  explicit ToyModel(recur::DType dtype = recur::DType::float64) : dtype_(dtype) {}

  recur::Parameter& add(const std::string& path, const std::vector<double>& values) {
    return add(path, recur::Shape{static_cast<recur::Index>(values.size())}, values);
  }
  recur::Parameter& add(const std::string& path, recur::Shape shape, const std::vector<double>& values) {
    recur::Parameter& parameter = parameters_.emplace_back(path);
    parameter.create(shape, dtype_);
    parameter.edit().assign(std::span<const double>(values));
    list_.push_back({path, &parameter});
    return parameter;
  }
  void set_gradient(std::size_t i, const std::vector<double>& values) {
    parameters_[i].gradient.assign(std::span<const double>(values));
  }
  [[nodiscard]] std::vector<double> values(std::size_t i = 0) const { return parameters_[i].value().to_doubles(); }
  [[nodiscard]] recur::Parameter& operator[](std::size_t i) { return parameters_[i]; }
  [[nodiscard]] std::span<const recur::NamedParameter> list() const { return list_; }

 private:
  recur::DType dtype_;
  std::deque<recur::Parameter> parameters_;
  std::vector<recur::NamedParameter> list_;
};
