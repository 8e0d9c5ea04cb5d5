#include <recur/train/loop/parameter_check.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace recur {
namespace {

// Adds the parameters of the pass on `tape`, and on tapes that threads recorded their rows on.
void add_parameters_on(const Tape& tape, std::vector<const Parameter*>& found) {
  for (const auto& leaf : tape.leaves())
    if (leaf->node != nullptr && leaf->node->wanted && std::ranges::find(found, leaf->parameter) == found.end())
      found.push_back(leaf->parameter);
  for (const detail::Record& record : tape.records())
    for (const Tape* const inner : record.inner_tapes()) add_parameters_on(*inner, found);
}

}  // namespace

std::vector<std::string> parameters_that_learn_nothing(const Tape& tape, std::span<const NamedParameter> parameters) {
  std::set<const Parameter*> listed;
  for (const NamedParameter& p : parameters) listed.insert(p.parameter);
  std::vector<std::string> problems;
  std::vector<const Parameter*> on_tapes;
  add_parameters_on(tape, on_tapes);
  for (const Parameter* parameter : on_tapes)
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
