#include <recur/framework/ops/cross_entropy.h>
#include <recur/framework/ops/row_kernels.h>
#include <recur/framework/threads/parallel.h>

#include <algorithm>

#include <cmath>

namespace recur {
namespace {

using detail::RowLosses;

constexpr Index work_per_class = 20;  // an exponential, roughly

std::span<const std::int32_t> checked_targets(Var logits, std::span<const std::int32_t> targets,
                                              const RowLosses& rows) {
  const Index classes = logits.cols();
  require(static_cast<Index>(targets.size()) == logits.rows(),
          "sparse_softmax_cross_entropy: {} targets for the {} rows of logits {}", targets.size(), logits.rows(),
          logits.shape());
  for (std::size_t r = 0; r < targets.size(); ++r)
    require<ValueError>(
        (targets[r] >= 0 && targets[r] < classes) || rows.masked(static_cast<Index>(r)),
        "sparse_softmax_cross_entropy: target {} at position {} is not within [0, {}) (give padding the "
        "weight 0)",
        targets[r], r, classes);
  const auto copy = logits.tape().list<std::int32_t>(logits.rows());
  std::copy(targets.begin(), targets.end(), copy.begin());
  return copy;
}

template <class T>
void zero_row(T* dx, Index n, bool fresh) {
  if (fresh) std::fill_n(dx, n, T{});
}

// loss = ln Σ eˣ - (1 - ε) x[t] - ε/C Σ x      dx = softmax(x) - (1 - ε) [c = t] - ε/C
// Only ln Σ eˣ is kept: computing the exponentials again costs less than storing and loading them.
template <class T>
void sparse(Var logits, std::span<const std::int32_t> targets, const RowLosses& rows, T smoothing, Var loss) {
  const auto& kernels = detail::row_kernels<T>();
  const MatrixView<const T> x = logits.value<T>();
  const auto log_sums = loss.tape().scratch<T>(x.rows);
  const auto losses = loss.tape().scratch<T>(x.rows);
  const T even = smoothing / static_cast<T>(x.cols);
  parallel_for(x.rows, x.cols * work_per_class, [&](Index r) {
    if (rows.masked(r)) return;
    const auto row = static_cast<std::size_t>(r);
    const T* const from = x.data + r * x.stride;
    log_sums[row] = kernels.log_sum_exp(from, x.cols);
    losses[row] = log_sums[row] - (1 - smoothing) * from[targets[row]];
    if (smoothing > 0) losses[row] -= even * kernels.sum(from, x.cols);
  });
  detail::reduce_losses<T>(losses, rows, loss);
  if (!loss.wants_gradient()) return;
  loss.tape().on_backward(loss, "sparse_cross_entropy", [logits, targets, rows, log_sums, loss, smoothing, even] {
    const MatrixView<const T> from = logits.value<T>();
    const auto sink = logits.claim_gradient<T>();
    parallel_for(from.rows, from.cols * work_per_class, [&](Index r) {
      const auto row = static_cast<std::size_t>(r);
      T* const dx = sink.view.data + r * sink.view.stride;
      if (rows.masked(r)) return zero_row(dx, from.cols, sink.fresh);
      const T seed = detail::row_seed<T>(loss, rows, r);
      detail::row_kernels<T>().nll_backward(from.data + r * from.stride, log_sums[row], seed, even, dx, from.cols,
                                            !sink.fresh);
      dx[targets[row]] -= seed * (1 - smoothing);
    });
  });
}

// With q = (1 - ε) target + ε/C and Q = Σ q:      loss = Q ln Σ eˣ - Σ q x
// dx = Q softmax(x) - q      dtarget = (1 - ε) (ln Σ eˣ - x)
template <class T>
struct DenseRow {
  T log_sum;
  T mass;
};

template <class T>
void dense_backward(Var logits, Var targets, const RowLosses& rows, std::span<const DenseRow<T>> kept, Var loss,
                    T smoothing) {
  const MatrixView<const T> x = logits.value<T>();
  const MatrixView<const T> q = targets.value<T>();
  const T even = smoothing / static_cast<T>(x.cols);
  if (logits.wants_gradient()) {
    const auto sink = logits.claim_gradient<T>();
    parallel_for(x.rows, x.cols * work_per_class, [&](Index r) {
      T* const dx = sink.view.data + r * sink.view.stride;
      if (rows.masked(r)) return zero_row(dx, x.cols, sink.fresh);
      const auto [log_sum, mass] = kept[static_cast<std::size_t>(r)];
      detail::row_kernels<T>().dense_nll_backward(x.data + r * x.stride, log_sum, detail::row_seed<T>(loss, rows, r),
                                                  {q.data + r * q.stride, mass, 1 - smoothing, even}, dx, x.cols,
                                                  !sink.fresh);
    });
  }
  if (!targets.wants_gradient()) return;
  const MatrixView<T> dq = targets.add_gradient<T>();
  for (Index r = 0; r < x.rows; ++r) {
    if (rows.masked(r)) continue;
    const T scale = (1 - smoothing) * detail::row_seed<T>(loss, rows, r);
    for (Index c = 0; c < x.cols; ++c) dq(r, c) += scale * (kept[static_cast<std::size_t>(r)].log_sum - x(r, c));
  }
}

// Σ q (ln Σ eˣ - x) without the classes that are not wanted, whose logits may be -inf.
template <class T>
T loss_of_wanted(const T* x, const T* q, T log_sum, T smoothing, Index classes) {
  T loss = 0;
  for (Index c = 0; c < classes; ++c)
    if (const T wanted = (1 - smoothing) * q[c] + smoothing / static_cast<T>(classes); wanted != 0)
      loss += wanted * (log_sum - x[c]);
  return loss;
}

template <class T>
void dense(Var logits, Var targets, const RowLosses& rows, T smoothing, Var loss) {
  const auto& kernels = detail::row_kernels<T>();
  const MatrixView<const T> x = logits.value<T>();
  const MatrixView<const T> q = targets.value<T>();
  const auto kept = loss.tape().scratch<DenseRow<T>>(x.rows);
  const auto losses = loss.tape().scratch<T>(x.rows);
  parallel_for(x.rows, x.cols * work_per_class, [&](Index r) {
    if (rows.masked(r)) return;
    const T* const from = x.data + r * x.stride;
    const T* const target = q.data + r * q.stride;
    auto& [log_sum, mass] = kept[static_cast<std::size_t>(r)];
    log_sum = kernels.log_sum_exp(from, x.cols);
    mass = (1 - smoothing) * kernels.sum(target, x.cols) + smoothing;
    T loss_of_row = mass * log_sum - (1 - smoothing) * kernels.dot(target, from, x.cols);
    if (smoothing > 0) loss_of_row -= smoothing / static_cast<T>(x.cols) * kernels.sum(from, x.cols);
    if constexpr (!is_dual<T>)
      if (std::isnan(loss_of_row)) loss_of_row = loss_of_wanted(from, target, log_sum, smoothing, x.cols);
    losses[static_cast<std::size_t>(r)] = loss_of_row;
  });
  detail::reduce_losses<T>(losses, rows, loss);
  if (loss.wants_gradient())
    loss.tape().on_backward(loss, "softmax_cross_entropy", [logits, targets, rows, kept, loss, smoothing] {
      dense_backward<T>(logits, targets, rows, kept, loss, smoothing);
    });
}

void check_same(const char* function, Var logits, Var targets) {
  detail::require_one_tape(function, logits, targets);
  require(logits.shape() == targets.shape(), "{}: logits {} but targets {}{}", function, logits.shape(),
          targets.shape(),
          targets.size() == logits.rows() ? " (sparse_softmax_cross_entropy takes class numbers)" : "");
}

}  // namespace

Var sparse_softmax_cross_entropy(Var logits, std::span<const std::int32_t> targets,
                                 const CrossEntropyOptions& options) {
  const RowLosses rows = detail::row_losses("sparse_cross_entropy", logits, options);
  const auto kept = checked_targets(logits, targets, rows);
  const Var loss = detail::loss_output(logits, rows, logits.wants_gradient());
  dispatch(loss.dtype(),
           [&]<class T>() { sparse<T>(logits, kept, rows, static_cast<T>(options.label_smoothing), loss); });
  return loss;
}

Var softmax_cross_entropy(Var logits, Var targets, const CrossEntropyOptions& options) {
  check_same("softmax_cross_entropy", logits, targets);
  const RowLosses rows = detail::row_losses("softmax_cross_entropy", logits, options);
  const Var loss = detail::loss_output(logits, rows, logits.wants_gradient() || targets.wants_gradient());
  dispatch(loss.dtype(),
           [&]<class T>() { dense<T>(logits, targets, rows, static_cast<T>(options.label_smoothing), loss); });
  return loss;
}

}  // namespace recur
