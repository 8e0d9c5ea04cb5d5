#pragma once

#include <recur/framework/autodiff/tape.h>

#include <initializer_list>
#include <span>

namespace recur {

/// Concatenates the parts along an axis: shapes `[2, 3]` and `[2, 5]` on axis 1 give `[2, 8]`. Throws ShapeError unless
/// the parts agree in all other axes, ValueError if there are none.
[[nodiscard]] Var concat(std::span<const Var> parts, int axis);
[[nodiscard]] inline Var concat(std::initializer_list<Var> parts, int axis) {
  return concat(std::span(parts.begin(), parts.size()), axis);
}

/// Stacks parts of equal shape along a new axis: T outputs `[batch, features]` on axis 0 are a sequence `[T, batch,
/// features]`. A negative axis counts from the end of the result: -1 makes the new axis the last one. Throws ShapeError
/// unless shapes are equal, ValueError if there are no parts.
[[nodiscard]] Var stack(std::span<const Var> parts, int axis = 0);
[[nodiscard]] inline Var stack(std::initializer_list<Var> parts, int axis = 0) {
  return stack(std::span(parts.begin(), parts.size()), axis);
}

}  // namespace recur
