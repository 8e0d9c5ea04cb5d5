#include <recur/train/loop/parameter_check.h>

#include <fmt/format.h>

#include <set>

namespace recur {
namespace {

std::vector<const Parameter*> parameters_on(const Tape& tape) {
  std::vector<const Parameter*> found;
  for (const auto& leaf : tape.leaves())
    if (leaf->node != nullptr && leaf->node->wanted) found.push_back(leaf->parameter);
  return found;
}

}  // namespace

std::vector<std::string> parameters_that_learn_nothing(const Tape& tape, std::span<const NamedParameter> parameters) {
  std::set<const Parameter*> listed;
  for (const NamedParameter& p : parameters) listed.insert(p.parameter);
  std::vector<std::string> problems;
  for (const Parameter* parameter : parameters_on(tape))
    if (!listed.contains(parameter))
      problems.push_back(
          fmt::format("parameter '{}' {} takes part in the loss but is not in the list of parameters, so "
                      "that it does not learn: does visit() name it, and was the list made after build()?",
                      parameter->name(), parameter->shape()));
  for (const auto& [path, parameter] : parameters)
    if (parameter->trainable && !parameter->has_gradient())
      problems.push_back(
          fmt::format("parameter '{}' {} is in the list of parameters, but the loss of the first step does "
                      "not depend on it",
                      path, parameter->shape()));
  return problems;
}

}  // namespace recur
