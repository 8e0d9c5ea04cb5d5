#include <recur/train/callbacks/finite_guard.h>

#include <recur/framework/check/non_finite.h>

#include <cmath>

namespace recur {
namespace {

template <class ArrayOf>
std::string first_with(std::span<const NamedParameter> parameters, ArrayOf array_of) {
  for (const auto& [path, parameter] : parameters)
    for (const double value : array_of(*parameter).to_doubles())
      if (!std::isfinite(value)) return path;
  return {};
}

std::string first_gradient(std::span<const NamedParameter> parameters) {
  return first_with(parameters, [](const Parameter& p) -> const Array& { return p.gradient; });
}

std::string place(const NonFinite& found) {
  return fmt::format("{} (operation {} of {}, shape {}, {})", found.operation, found.position + 1, found.count,
                     found.shape, found.value);
}

}  // namespace

void refuse_non_finite(const std::string& where, Tape& tape, Var loss, std::span<const NamedParameter> parameters) {
  const double number = loss.item();
  const std::string parameter = first_with(parameters, [](const Parameter& p) -> const Array& { return p.value(); });
  if (!parameter.empty())
    fail<StateError>(
        "{}: the loss is {}; parameter '{}' is not finite (of what was loaded, or of the step before: a lower "
        "learning rate or clipping helps)",
        where, number, parameter);
  const auto found = first_non_finite(tape);
  const std::string first = found ? place(*found) : "none on the tape (was recording off?)";
  if (loss.wants_gradient()) tape.backward(loss);
  const std::string affected = first_gradient(parameters);
  fail<StateError>(
      "{}: the loss is {}; first operation with such a result: {}; first parameter with such a gradient: {} "
      "(look at the data, the learning rate and clipping)",
      where, number, first, affected.empty() ? "none" : "'" + affected + "'");
}

void require_finite_gradients(const std::string& where, Tape& tape, Var loss,
                              std::span<const NamedParameter> parameters) {
  const std::string affected = first_gradient(parameters);
  if (affected.empty()) return;
  const double number = loss.item();
  const auto found = first_non_finite_gradient(tape, loss);
  fail<StateError>(
      "{}: the loss is {}, but the gradient of parameter '{}' is not finite; such a gradient arrives first at "
      "the result of: {} (a slope that is infinite, as of sqrt at 0, or an overflow: clip values or use a "
      "lower learning rate)",
      where, number, affected, found ? place(*found) : "the parameter itself");
}

}  // namespace recur
