#pragma once

#include <recur/framework/autodiff/tape.h>

#include <array>

namespace recur {

/// Returns `count` positions of one axis, from `first` on. On the first and the last axis a view that shares memory and
/// gradient with x, on other axes a copy. Throws ShapeError if there is no such axis or it is shorter.
[[nodiscard]] Var slice(Var x, int axis, Index first, Index count);

/// Splits an axis into N equal parts: `auto [i, f, g, o] = split<4>(z);`. Parts are views where `slice` makes views.
/// Throws ShapeError if the axis's size is not a multiple of N.
template <int N>
[[nodiscard]] std::array<Var, static_cast<std::size_t>(N)> split(Var x, int axis = -1) {
  static_assert(N > 0);
  const Index size = x.shape()[axis];
  if (size % N != 0) [[unlikely]]
    fail<ShapeError>("split: axis {} of {} has size {}, which does not divide into {} equal parts", axis, x.shape(),
                     size, N);
  std::array<Var, static_cast<std::size_t>(N)> parts;
  Index first = 0;
  if (axis == -1) {
    for (Var& part : parts) {
      part = x.tape().view_columns(x, first, size / N);
      first += size / N;
    }
    return parts;
  }
  for (Var& part : parts) {
    part = slice(x, axis, first, size / N);
    first += size / N;
  }
  return parts;
}

}  // namespace recur
