#include <recur/framework/ops/cross_entropy.h>
#include <recur/framework/ops/row_kernels.h>
#include <recur/framework/threads/parallel.h>

#include <algorithm>
#include <cmath>

namespace recur {
namespace {

using detail::RowLosses;

constexpr Index work_per_element = 40;  // an exponential and a logarithm, roughly

// With t = (1 - s) target + s/2:      loss = 1/C Σ ln(1 + eˣ) - x t
// dx = 1/C (σ(x) - t)      dtarget = -1/C (1 - s) x
template <class T>
void backward(Var logits, Var targets, const RowLosses& rows, Var loss, T smoothing) {
  const MatrixView<const T> x = logits.value<T>();
  const MatrixView<const T> q = targets.value<T>();
  const T share = 1 / static_cast<T>(x.cols);
  if (logits.wants_gradient()) {
    const auto sink = logits.claim_gradient<T>();
    parallel_for(x.rows, x.cols * work_per_element, [&](Index r) {
      T* const dx = sink.view.data + r * sink.view.stride;
      if (rows.masked(r)) {
        if (sink.fresh) std::fill_n(dx, x.cols, T{});
        return;
      }
      detail::row_kernels<T>().binary_nll_backward(x.data + r * x.stride, q.data + r * q.stride, 1 - smoothing,
                                                   smoothing / 2, share * detail::row_seed<T>(loss, rows, r), dx,
                                                   x.cols, !sink.fresh);
    });
  }
  if (!targets.wants_gradient()) return;
  const MatrixView<T> dq = targets.add_gradient<T>();
  for (Index r = 0; r < x.rows; ++r) {
    if (rows.masked(r)) continue;
    const T scale = share * (1 - smoothing) * detail::row_seed<T>(loss, rows, r);
    for (Index c = 0; c < x.cols; ++c) dq(r, c) -= scale * x(r, c);
  }
}

// An infinite logit is certain: it is without loss where the target is the same, and a product of 0 and infinity
// elsewhere.
template <class T>
T loss_of_infinite(const T* x, const T* q, T factor, T shift, Index n) {
  T loss = 0;
  for (Index c = 0; c < n; ++c) {
    const T target = factor * q[c] + shift;
    loss += std::log1p(std::exp(-std::abs(x[c])));
    if (target != 1) loss += (1 - target) * std::max(x[c], T{});
    if (target != 0) loss += target * std::max(-x[c], T{});
  }
  return loss;
}

template <class T>
void compute(Var logits, Var targets, const RowLosses& rows, T smoothing, Var loss) {
  const MatrixView<const T> x = logits.value<T>();
  const MatrixView<const T> q = targets.value<T>();
  const auto losses = loss.tape().scratch<T>(x.rows);
  parallel_for(x.rows, x.cols * work_per_element, [&](Index r) {
    if (rows.masked(r)) return;
    const T* const from = x.data + r * x.stride;
    const T* const target = q.data + r * q.stride;
    T sum = detail::row_kernels<T>().binary_nll(from, target, 1 - smoothing, smoothing / 2, x.cols);
    if constexpr (!is_dual<T>)
      if (std::isnan(sum)) sum = loss_of_infinite(from, target, 1 - smoothing, smoothing / 2, x.cols);
    losses[static_cast<std::size_t>(r)] = sum / static_cast<T>(x.cols);
  });
  detail::reduce_losses<T>(losses, rows, loss);
  if (loss.wants_gradient())
    loss.tape().on_backward(loss, "binary_cross_entropy", [logits, targets, rows, loss, smoothing] {
      backward<T>(logits, targets, rows, loss, smoothing);
    });
}

}  // namespace

Var binary_cross_entropy(Var logits, Var targets, const CrossEntropyOptions& options) {
  detail::require_one_tape("binary_cross_entropy", logits, targets);
  require(logits.shape() == targets.shape(), "binary_cross_entropy: logits {} but targets {}", logits.shape(),
          targets.shape());
  const RowLosses rows = detail::row_losses("binary_cross_entropy", logits, options);
  const Var loss = detail::loss_output(logits, rows, logits.wants_gradient() || targets.wants_gradient());
  dispatch(loss.dtype(),
           [&]<class T>() { compute<T>(logits, targets, rows, static_cast<T>(options.label_smoothing), loss); });
  return loss;
}

}  // namespace recur
