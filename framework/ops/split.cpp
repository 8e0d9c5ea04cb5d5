#include <recur/framework/ops/axis.h>
#include <recur/framework/ops/split.h>

namespace recur {
namespace {

using detail::Axis;
using detail::block;

// y = x[…, first : first + count, …]      dx[…, first : first + count, …] += dy
template <class T>
void copy_slice(Var x, Var y, Axis axis, Index first) {
  const Index count = y.rows() / (axis.outer * axis.inner);
  Axis part = axis;
  part.size = count;
  for (Index o = 0; o < axis.outer; ++o)
    detail::copy_rows<T>(block(x.value<T>(), axis, o, first, count), block(y.mutable_value<T>(), part, o, 0, count));
  if (!y.wants_gradient()) return;
  y.tape().on_backward(y, "split", [x, y, axis, part, first] {
    const MatrixView<T> dx = x.add_gradient<T>();
    const MatrixView<const T> dy = y.adjoint<T>();
    for (Index o = 0; o < axis.outer; ++o)
      detail::put_rows<T>(block(dy, part, o, 0, part.size), {block(dx, axis, o, first, part.size), false});
  });
}

}  // namespace

Var slice(Var x, int axis, Index first, Index count) {
  const Shape& shape = x.shape();
  const Index size = shape[axis];
  if (first < 0 || first > size || count < 0 || count > size - first)
    fail<ShapeError>("slice: {} positions from {} of axis {} of {}", count, first, axis, shape);
  const Index stride = x.node()->stride;
  const bool last = axis == -1 || axis == shape.rank() - 1;
  const Axis along = last ? Axis{} : detail::axis_of(shape, axis);
  if (last || along.outer == 1) {
    const Var part = x.tape().view(x, last ? first : first * along.inner * stride, shape, stride);
    part.node()->shape.resize(axis, count);
    return part;
  }
  const Var y = x.tape().output(shape.with(axis, count), x.wants_gradient());
  if (y.size() > 0) dispatch(y.dtype(), [&]<class T>() { copy_slice<T>(x, y, along, first); });
  return y;
}

}  // namespace recur
