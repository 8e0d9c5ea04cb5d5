#include "optimizer_case.h"

#include <recur/optim/config.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <deque>
#include <vector>

namespace recur::golden {
namespace {

using nlohmann::json;

Shape shape_of(const json& array) {
  const auto sizes = array.at("shape").get<std::vector<Index>>();
  return Shape(std::span<const Index>(sizes));
}

void assign(Array& to, const json& array) {
  to.assign(std::span<const double>(array.at("data").get<std::vector<double>>()));
}

void compare(const Parameter& parameter, const json& expected, const Tolerance& tolerance, std::size_t step,
             const std::string& path, CaseResult& result) {
  const auto values = parameter.value().to_doubles();
  const auto wanted = expected.at("data").get<std::vector<double>>();
  require(values.size() == wanted.size(), "run_optimizer_case: {} values of {}, expected are {}", values.size(), path,
          wanted.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double error = tolerance.error(values[i], wanted[i]);
    result.max_error = std::max(result.max_error, error);
    if (error <= 1 || !result.passed) continue;
    result.passed = false;
    result.message = fmt::format("step {}, {}, element {}: {}, expected {}", step + 1, path, i, values[i], wanted[i]);
  }
}

}  // namespace

CaseResult run_optimizer_case(const json& file, DType dtype) {
  const json& bounds = file.at("tolerance").at(name(dtype));
  const Tolerance tolerance{bounds.at("rtol").get<double>(), bounds.at("atol").get<double>()};
  optim::Optimizer optimizer =
      optim::from_config(file.at("optimizer").at("class_name").get<std::string>(), file.at("optimizer").at("config"));
  std::deque<Parameter> parameters;
  std::vector<NamedParameter> named;
  for (const json& initial : file.at("parameters")) {
    Parameter& parameter = parameters.emplace_back();
    parameter.create(shape_of(initial), dtype);
    assign(parameter.edit(), initial);
    named.push_back({fmt::format("parameter {}", named.size()), &parameter});
  }
  require(!named.empty() && !file.at("gradients").empty(), "run_optimizer_case: no parameters or no steps");
  CaseResult result;
  for (std::size_t step = 0; step < file.at("gradients").size(); ++step) {
    for (std::size_t i = 0; i < named.size(); ++i) assign(parameters[i].gradient, file.at("gradients").at(step).at(i));
    optimizer.step(named);
    for (std::size_t i = 0; i < named.size(); ++i)
      compare(parameters[i], file.at("expected").at(step).at(i), tolerance, step, named[i].path, result);
  }
  return result;
}

}  // namespace recur::golden
