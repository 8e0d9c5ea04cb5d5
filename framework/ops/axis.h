#pragma once

#include <recur/framework/autodiff/rows.h>

namespace recur::detail {

/// One axis of an array that is seen as a matrix. The last axis is the columns; any other axis divides the rows into
/// `outer` groups of `size` positions, each `inner` rows.
struct Axis {
  Index outer = 1;
  Index size = 1;
  Index inner = 1;
  bool last = false;
};

/// Throws ShapeError if there is no such axis.
[[nodiscard]] inline Axis axis_of(const Shape& shape, int axis) {
  const int at = shape.normalize(axis);
  Axis result{1, shape[at], 1, at + 1 == shape.rank()};
  for (int i = 0; i < at; ++i) result.outer *= shape[i];
  for (int i = at + 1; i + 1 < shape.rank(); ++i) result.inner *= shape[i];
  if (result.last) result.outer = 1;  // one block holds all rows
  return result;
}

/// Returns positions `[first, first + count)` of the axis within group `o`.
template <class T>
[[nodiscard]] MatrixView<T> block(MatrixView<T> whole, const Axis& axis, Index o, Index first, Index count) {
  if (axis.last) return whole.middle_cols(first, count);
  return whole.middle_rows((o * axis.size + first) * axis.inner, count * axis.inner);
}

}  // namespace recur::detail
