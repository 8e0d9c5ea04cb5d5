#include <recur/framework/ops/axis.h>
#include <recur/framework/ops/transpose.h>

#include <algorithm>

namespace recur {
namespace {

// Sizes of an array around the two axes that change places: [outer, a, middle, b, inner] becomes [outer, b, middle, a,
// inner]. `inner` counts rows; when b is the last axis its positions are the columns.
struct Swap {
  Index outer = 1;
  Index a = 1;
  Index middle = 1;
  Index b = 1;
  Index inner = 1;
  bool columns = false;

  [[nodiscard]] Swap back() const { return {outer, b, middle, a, inner, columns}; }
};

Swap swap_of(const Shape& shape, int a, int b) {
  Swap swap;
  swap.columns = b + 1 == shape.rank();
  swap.a = shape[a];
  swap.b = shape[b];
  for (int i = 0; i < a; ++i) swap.outer *= shape[i];
  for (int i = a + 1; i < b; ++i) swap.middle *= shape[i];
  for (int i = b + 1; i + 1 < shape.rank(); ++i) swap.inner *= shape[i];
  return swap;
}

// to[j, i] = or += from[i, j], in squares that fit the first-level cache.
template <class T>
void put_transposed(MatrixView<const T> from, GradientSink<T> to) {
  constexpr Index side = 16;
  for (Index i = 0; i < from.rows; i += side)
    for (Index j = 0; j < from.cols; j += side)
      for (Index r = i; r < std::min(i + side, from.rows); ++r)
        for (Index c = j; c < std::min(j + side, from.cols); ++c)
          to.view(c, r) = to.fresh ? from(r, c) : to.view(c, r) + from(r, c);
}

template <class T>
void put_swapped(MatrixView<const T> from, GradientSink<T> to, const Swap& s) {
  const auto [view, fresh] = to;
  for (Index o = 0; o < s.outer; ++o)
    for (Index m = 0; m < s.middle; ++m) {
      if (s.columns) {
        put_transposed<T>(
            {from.data + (o * s.a * s.middle + m) * from.stride, s.a, s.b, s.middle * from.stride},
            {{view.data + (o * s.b * s.middle + m) * view.stride, s.b, s.a, s.middle * view.stride}, fresh});
        continue;
      }
      for (Index i = 0; i < s.a; ++i)
        for (Index j = 0; j < s.b; ++j) {
          const Index source = (((o * s.a + i) * s.middle + m) * s.b + j) * s.inner;
          const Index target = (((o * s.b + j) * s.middle + m) * s.a + i) * s.inner;
          detail::put_rows<T>(from.middle_rows(source, s.inner), {view.middle_rows(target, s.inner), fresh});
        }
    }
}

template <class T>
void put_reversed(MatrixView<const T> from, GradientSink<T> to, const detail::Axis& axis) {
  for (Index o = 0; o < axis.outer; ++o)
    for (Index i = 0; i < axis.size; ++i)
      detail::put_rows<T>(detail::block(from, axis, o, i, 1),
                          {detail::block(to.view, axis, o, axis.size - 1 - i, 1), to.fresh});
}

}  // namespace

// y[…, j, …, i, …] = x[…, i, …, j, …]      dx is dy with the axes swapped back
Var transpose(Var x, int axis_a, int axis_b) {
  const Shape& shape = x.shape();
  const int a = std::min(shape.normalize(axis_a), shape.normalize(axis_b));
  const int b = std::max(shape.normalize(axis_a), shape.normalize(axis_b));
  if (a == b) return x;
  const Swap swap = swap_of(shape, a, b);
  const Var y = x.tape().output(shape.with(a, swap.b).with(b, swap.a), x.wants_gradient());
  dispatch(y.dtype(), [&]<class T>() {
    put_swapped<T>(x.value<T>(), {y.mutable_value<T>(), true}, swap);
    if (y.wants_gradient())
      y.tape().on_backward(y, [x, y, swap] { put_swapped<T>(y.adjoint<T>(), x.claim_gradient<T>(), swap.back()); });
  });
  return y;
}

Var transpose(Var x) {
  require(x.shape().rank() == 2, "transpose: {} is not a matrix (say which axes to swap)", x.shape());
  return transpose(x, 0, 1);
}

// y[…, n - 1 - i, …] = x[…, i, …]      dx is dy reversed
Var reverse(Var x, int axis) {
  const detail::Axis along = detail::axis_of(x.shape(), axis);
  const Var y = x.tape().output(x.shape(), x.wants_gradient());
  dispatch(y.dtype(), [&]<class T>() {
    put_reversed<T>(x.value<T>(), {y.mutable_value<T>(), true}, along);
    if (y.wants_gradient())
      y.tape().on_backward(y, [x, y, along] { put_reversed<T>(y.adjoint<T>(), x.claim_gradient<T>(), along); });
  });
  return y;
}

}  // namespace recur
