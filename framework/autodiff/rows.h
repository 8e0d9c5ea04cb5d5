#pragma once

#include <recur/framework/autodiff/var.h>

#include <algorithm>

namespace recur::detail {

/// Copies a matrix row by row. `from` has as many rows as `to`, or one row, which is repeated.
template <class T>
void copy_rows(MatrixView<const T> from, MatrixView<T> to) {
  const Index stride = from.rows == 1 ? 0 : from.stride;
  for (Index r = 0; r < to.rows; ++r) std::copy_n(from.data + r * stride, to.cols, to.data + r * to.stride);
}

/// Adds a matrix row by row. `from` has as many rows as `to`, or one row, which is repeated.
template <class T>
void add_rows(MatrixView<const T> from, MatrixView<T> to) {
  const Index stride = from.rows == 1 ? 0 : from.stride;
  for (Index r = 0; r < to.rows; ++r) {
    const T* const source = from.data + r * stride;
    T* const target = to.data + r * to.stride;
    for (Index c = 0; c < to.cols; ++c) target[c] += source[c];
  }
}

/// Assigns a gradient, or adds it to what is there.
template <class T>
void put_rows(MatrixView<const T> from, GradientSink<T> to) {
  if (to.fresh) copy_rows(from, to.view);
  else add_rows(from, to.view);
}

}  // namespace recur::detail
