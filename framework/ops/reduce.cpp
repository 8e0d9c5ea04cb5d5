#include <recur/framework/ops/axis.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/row_kernels.h>

#include <algorithm>

namespace recur {
namespace {

using detail::Axis;

Shape reduced(const Shape& shape, int axis, bool keep_dims) {
  return keep_dims ? shape.with(axis, 1) : shape.without(axis);
}

// dx = value everywhere
template <class T>
void put_everywhere(T value, std::span<T> dx, bool fresh) {
  if (fresh) std::fill(dx.begin(), dx.end(), value);
  else
    for (T& d : dx) d += value;
}

// Registers of float take in so many numbers each without an error to speak of.
template <class T>
SumOf<T> row_sum(const T* x, Index n) {
  constexpr Index piece = 128;
  SumOf<T> total = 0;
  for (Index at = 0; at < n; at += piece)
    total += static_cast<SumOf<T>>(detail::row_kernels<T>().sum(x + at, std::min(piece, n - at)));
  return total;
}

// y = scale Σ x      dx = scale dy
template <class T>
void sum_all(Var x, Var y, double scale) {
  const MatrixView<const T> from = x.value<T>();
  SumOf<T> total = 0;
  for (Index r = 0; r < from.rows; ++r) total += row_sum(from.data + r * from.stride, from.cols);
  *y.mutable_value<T>().data = static_cast<T>(scale * total);
  if (!y.wants_gradient()) return;
  y.tape().on_backward(y, [x, y, scale] {
    const auto [dx, fresh] = x.claim_gradient<T>();
    const T share = static_cast<T>(scale) * *y.adjoint<T>().data;
    for (Index r = 0; r < dx.rows; ++r) put_everywhere<T>(share, dx.row(r), fresh);
  });
}

// y[r] = scale Σ_c x[r, c]      dx[r, c] = scale dy[r]
template <class T>
void sum_columns(Var x, Var y, double scale) {
  const MatrixView<const T> from = x.value<T>();
  T* const to = y.mutable_value<T>().data;
  for (Index r = 0; r < from.rows; ++r) to[r] = static_cast<T>(scale * row_sum(from.data + r * from.stride, from.cols));
  if (!y.wants_gradient()) return;
  y.tape().on_backward(y, [x, y, scale] {
    const auto [dx, fresh] = x.claim_gradient<T>();
    const T* const dy = y.adjoint<T>().data;
    for (Index r = 0; r < dx.rows; ++r) put_everywhere<T>(static_cast<T>(scale) * dy[r], dx.row(r), fresh);
  });
}

template <class T>
void add_scaled(const T* from, T scale, T* to, Index n) {
  for (Index c = 0; c < n; ++c) to[c] += scale * from[c];
}
template <class T>
void set_scaled(const T* from, T scale, T* to, Index n) {
  for (Index c = 0; c < n; ++c) to[c] = scale * from[c];
}

// y[o, …] = scale Σ_i x[o, i, …]      dx[o, i, …] = scale dy[o, …]
template <class T>
void sum_rows(Var x, Var y, const Axis& axis, double scale) {
  const MatrixView<const T> from = x.value<T>();
  T* const to = y.mutable_value<T>().data;
  const Index plane = axis.inner * from.cols;
  // A float that has grown large takes in no small ones, so it must not see more than a few.
  const std::span<SumOf<T>> sums = y.tape().scratch<SumOf<T>>(plane);
  for (Index o = 0; o < axis.outer; ++o) {
    std::fill(sums.begin(), sums.end(), SumOf<T>{});
    for (Index row = 0; row < axis.size * axis.inner; ++row) {
      const T* const source = from.data + (o * axis.size * axis.inner + row) * from.stride;
      SumOf<T>* const sum = sums.data() + row % axis.inner * from.cols;
      for (Index c = 0; c < from.cols; ++c) sum[c] += static_cast<SumOf<T>>(source[c]);
    }
    for (Index i = 0; i < plane; ++i) to[o * plane + i] = static_cast<T>(scale * sums[static_cast<std::size_t>(i)]);
  }
  if (!y.wants_gradient()) return;
  y.tape().on_backward(y, [x, y, axis, plane, scale] {
    const auto [dx, fresh] = x.claim_gradient<T>();
    const T* const dy = y.adjoint<T>().data;
    for (Index row = 0; row < dx.rows; ++row) {
      const Index o = row / (axis.size * axis.inner);
      const T* const source = dy + o * plane + row % axis.inner * dx.cols;
      T* const target = dx.data + row * dx.stride;
      if (fresh) set_scaled(source, static_cast<T>(scale), target, dx.cols);
      else add_scaled(source, static_cast<T>(scale), target, dx.cols);
    }
  });
}

Var sum_along(Var x, int axis, bool keep_dims, double scale) {
  const Axis along = detail::axis_of(x.shape(), axis);
  const Var y = x.tape().output(reduced(x.shape(), axis, keep_dims), x.wants_gradient());
  dispatch(y.dtype(), [&]<class T>() {
    if (along.last) sum_columns<T>(x, y, scale);
    else sum_rows<T>(x, y, along, scale);
  });
  return y;
}

// Larger; or not a number, which must not get lost.
template <class T>
bool beats(T a, T b) {
  return a > b || (a != a && b == b);
}

// y[o, k] = max_i x[o, i, k]      dx[o, argmax, k] += dy[o, k]
// An element (o, i, k) of x lies at (o·size + i)·step + k·pitch, rows and columns counted together.
template <class T>
void max_along(Var x, Var y, const Axis& axis) {
  const MatrixView<const T> from = x.value<T>();
  const auto where = y.tape().scratch<Index>(y.size());  // offsets into x
  T* const to = y.mutable_value<T>().data;
  const Index groups = axis.last ? from.rows : axis.outer;
  const Index per_group = axis.last ? 1 : axis.inner * from.cols;
  const Index step = axis.last ? 1 : axis.inner * from.stride;
  for (Index o = 0; o < groups; ++o)
    for (Index k = 0; k < per_group; ++k) {
      const Index start =
          axis.last ? o * from.stride : o * axis.size * step + k / from.cols * from.stride + k % from.cols;
      Index best = start;
      for (Index i = 1; i < axis.size; ++i)
        if (beats(from.data[start + i * step], from.data[best])) best = start + i * step;
      where[static_cast<std::size_t>(o * per_group + k)] = best;
      to[o * per_group + k] = from.data[best];
    }
  if (!y.wants_gradient()) return;
  y.tape().on_backward(y, [x, y, where] {
    T* const dx = x.add_gradient<T>().data;
    const T* const dy = y.adjoint<T>().data;
    for (std::size_t k = 0; k < where.size(); ++k) dx[where[k]] += dy[k];
  });
}

Var sum_of_all(Var x, double scale) {
  const Var y = x.tape().output(Shape{}, x.wants_gradient());
  dispatch(y.dtype(), [&]<class T>() { sum_all<T>(x, y, scale); });
  return y;
}

}  // namespace

Var sum(Var x) { return sum_of_all(x, 1); }
Var sum(Var x, int axis, bool keep_dims) { return sum_along(x, axis, keep_dims, 1); }

Var mean(Var x) {
  require(x.size() > 0, "mean: {} has no elements", x.shape());
  return sum_of_all(x, 1 / static_cast<double>(x.size()));
}

Var mean(Var x, int axis, bool keep_dims) {
  require(x.shape()[axis] > 0, "mean: axis {} of {} has no elements", axis, x.shape());
  return sum_along(x, axis, keep_dims, 1 / static_cast<double>(x.shape()[axis]));
}

Var reduce_max(Var x, int axis, bool keep_dims) {
  const Axis along = detail::axis_of(x.shape(), axis);
  require(along.size > 0, "reduce_max: axis {} of {} has no elements", axis, x.shape());
  const Var y = x.tape().output(reduced(x.shape(), axis, keep_dims), x.wants_gradient());
  dispatch(y.dtype(), [&]<class T>() { max_along<T>(x, y, along); });
  return y;
}

Var reduce_max(Var x) {
  const Var by_row = reduce_max(x.shape().rank() == 0 ? reshape(x, Shape{1}) : x, -1);
  return by_row.size() == 1 && by_row.shape().rank() == 0 ? by_row
                                                          : reduce_max(reshape(by_row, Shape{by_row.size()}), 0);
}

}  // namespace recur
