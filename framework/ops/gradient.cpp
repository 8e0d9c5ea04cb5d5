#include <recur/framework/ops/axis.h>
#include <recur/framework/ops/gradient.h>

#include <algorithm>

namespace recur {
namespace {

// y = from      dx += factor dy, and in forward mode y' = factor x'
Var relayed(Var from, Var x, double factor) {
  const Var y = x.tape().output(x.shape(), x.wants_gradient());
  dispatch(y.dtype(), [&]<class T>() {
    const MatrixView<T> to = y.mutable_value<T>();
    detail::copy_rows<T>(from.value<T>(), to);
    if constexpr (is_dual<T>) {
      const MatrixView<const T> tangents = x.value<T>();
      for (Index r = 0; r < to.rows; ++r)
        for (Index c = 0; c < to.cols; ++c) to(r, c).tangent = factor * tangents(r, c).tangent;
    }
    if (!y.wants_gradient()) return;
    y.tape().on_backward(y, [x, y, factor] {
      const MatrixView<const T> dy = y.adjoint<T>();
      const MatrixView<T> dx = x.add_gradient<T>();
      for (Index r = 0; r < dx.rows; ++r)
        for (Index c = 0; c < dx.cols; ++c) dx(r, c) += static_cast<T>(factor) * dy(r, c);
    });
  });
  return y;
}

}  // namespace

Var straight_through(Var hard, Var x) {
  detail::require_one_tape("straight_through", hard, x);
  require(hard.shape() == x.shape(), "straight_through: the value is {}, but what gets its gradient {}", hard.shape(),
          x.shape());
  return relayed(hard, x, 1);
}

Var scale_gradient(Var x, double factor) { return relayed(x, x, factor); }

namespace detail {

Var identity(Var x) {
  const Var y = x.tape().output(x.shape(), x.wants_gradient());
  dispatch(y.dtype(), [&]<class T>() { copy_rows<T>(x.value<T>(), y.mutable_value<T>()); });
  return y;
}

void pass_on(Var y, Var x) {
  dispatch(y.dtype(), [&]<class T>() { put_rows<T>(y.adjoint<T>(), x.claim_gradient<T>()); });
}

}  // namespace detail
}  // namespace recur
