#include <recur/framework/autodiff/operation_observer.h>
#include <recur/framework/ops/row_kernels.h>
#include <recur/framework/ops/softmax.h>
#include <recur/framework/threads/parallel.h>

namespace recur {
namespace {

using detail::RowKernels;

constexpr Index softmax_work = 20;  // an exponential, roughly

template <class T>
using Forward = void (*RowKernels<T>::*)(const T* x, T* y, Index n);
template <class T>
using Backward = void (*RowKernels<T>::*)(const T* y, const T* dy, T* dx, Index n, bool add);

template <class T>
void by_rows(Var x, Var y, Forward<T> forward, Backward<T> backward) {
  const MatrixView<const T> from = x.value<T>();
  const MatrixView<T> to = y.mutable_value<T>();
  const auto run = detail::row_kernels<T>().*forward;
  parallel_for(from.rows, from.cols * softmax_work,
               [&](Index r) { run(from.data + r * from.stride, to.data + r * to.stride, from.cols); });
  if (!y.wants_gradient()) return;
  y.tape().on_backward(y, "softmax", [x, y, back = detail::row_kernels<T>().*backward] {
    const auto sink = x.claim_gradient<T>();
    const MatrixView<const T> value = y.value<T>();
    const MatrixView<const T> dy = y.adjoint<T>();
    parallel_for(value.rows, value.cols * softmax_work, [&](Index r) {
      back(value.data + r * value.stride, dy.data + r * dy.stride, sink.view.data + r * sink.view.stride, value.cols,
           !sink.fresh);
    });
  });
}

void observe(const char* name, Var x, Var y) {
  if (auto* const observer = y.tape().operation_observer(); observer != nullptr) [[unlikely]]
    observer->named(name, std::span<const Var>(&x, 1), 0, y);
}

Var checked_output(const char* name, Var x) {
  require(x.shape().rank() >= 1 && x.cols() > 0, "{}: {} has no last axis to normalize over", name, x.shape());
  return x.tape().output(x.shape(), x.wants_gradient());
}

}  // namespace

// y = eˣ / Σ eˣ      dx = y (dy - Σ y dy)
Var softmax(Var x) {
  const Var y = checked_output("softmax", x);
  dispatch(y.dtype(), [&]<class T>() { by_rows<T>(x, y, &RowKernels<T>::softmax, &RowKernels<T>::softmax_backward); });
  observe("softmax", x, y);
  return y;
}

// y = x - ln Σ eˣ      dx = dy - eʸ Σ dy
Var log_softmax(Var x) {
  const Var y = checked_output("log_softmax", x);
  dispatch(y.dtype(),
           [&]<class T>() { by_rows<T>(x, y, &RowKernels<T>::log_softmax, &RowKernels<T>::log_softmax_backward); });
  observe("log_softmax", x, y);
  return y;
}

}  // namespace recur
