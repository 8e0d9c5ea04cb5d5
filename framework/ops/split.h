#pragma once

#include <recur/framework/autodiff/tape.h>

#include <array>

namespace recur {

/// `count` positions of one axis, from `first` on. A view that shares memory and gradient on the first and on the last axis;
/// on an axis in between the numbers are copied.
/// @throws ShapeError when there is no such axis or it is shorter.
[[nodiscard]] Var slice(Var x, int axis, Index first, Index count);

/// N parts of equal size: `auto [i, f, g, o] = split<4>(z);`. See `slice` for when they are views.
/// @throws ShapeError when the axis' size is not a multiple of N.
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
