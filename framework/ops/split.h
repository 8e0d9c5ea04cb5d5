#pragma once

#include <recur/framework/expr/temporary.h>

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
  require(size % N == 0, "split: axis {} of {} has size {}, which does not divide into {} equal parts", axis, x.shape(),
          size, N);
  std::array<Var, static_cast<std::size_t>(N)> parts;
  Index first = 0;
  for (Var& part : parts) {
    part = slice(x, axis, first, size / N);
    first += size / N;
  }
  return parts;
}

/// The same of a product or what else has no name, along its last axis: see `Parts`.
template <int N>
[[nodiscard]] Parts<N> split(Temporary x) {
  const bool own = x.own();
  return {split<N>(Var(std::move(x))), own};
}
template <int N>
[[nodiscard]] Parts<N> split(const Linear& x) {
  return split<N>(Temporary(x));
}

}  // namespace recur
