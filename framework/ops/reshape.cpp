#include <recur/framework/ops/axis.h>
#include <recur/framework/ops/reshape.h>

namespace recur {
namespace {

// y = x without the gaps between its rows      dx += dy
Var without_gaps(Var x) {
  const Var y = x.tape().output(x.shape(), x.wants_gradient());
  dispatch(y.dtype(), [&]<class T>() {
    detail::copy_rows<T>(x.value<T>(), y.mutable_value<T>());
    if (y.wants_gradient())
      y.tape().on_backward(y, "reshape", [x, y] { detail::put_rows<T>(y.adjoint<T>(), x.claim_gradient<T>()); });
  });
  return y;
}

}  // namespace

Var reshape(Var x, Shape shape) {
  require(shape.count() == x.size(), "reshape: {} to {}: {} elements cannot become {}", x.shape(), shape, x.size(),
          shape.count());
  const Index stride = x.node()->stride;
  if (shape.cols() == x.cols()) return x.tape().view(x, 0, shape, stride);
  const Var whole = stride == x.cols() || x.rows() <= 1 ? x : without_gaps(x);
  return x.tape().view(whole, 0, shape, shape.cols());
}

}  // namespace recur
