#include <recur/framework/autodiff/operation_observer.h>
#include <recur/framework/ops/layer_norm.h>
#include <recur/framework/ops/row_kernels.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace recur {
namespace {

template <class T>
struct Moments {
  T mean;
  T inverse_deviation;
};

template <class T>
Moments<T> moments(const T* x, Index n, double epsilon) {
  const auto count = static_cast<T>(n);
  const T mean = detail::row_kernels<T>().sum(x, n) / count;
  const T variance = detail::row_kernels<T>().squared_deviation(x, mean, n) / count;
  using simd::sqrt;
  using std::sqrt;
  return {mean, 1 / sqrt(variance + static_cast<T>(epsilon))};
}

bool wants_gradient(Var x) { return x.defined() && x.wants_gradient(); }

template <class T>
const T* values(Var x) {
  return x.defined() ? x.value<T>().data : nullptr;
}
template <class T>
T* gradient(Var x) {
  return wants_gradient(x) ? x.add_gradient<T>().data : nullptr;
}

template <class T>
typename detail::RowKernels<T>::Normalized normalized(MatrixView<const T> x, Index r, Moments<T> m, Var gamma) {
  return {x.data + r * x.stride, m.mean, m.inverse_deviation, values<T>(gamma)};
}

// The gradient of a vector that all rows have in common. Rows are added up in T, a few at a time, and their sums in
// SumOf<T>: a float that has grown large takes in no small ones.
template <class T>
class VectorGradient {
 public:
  VectorGradient(Tape& tape, T* gradient, Index rows, Index cols) : gradient_(gradient) {
    if (gradient == nullptr || rows <= piece_length) return;
    piece_ = tape.scratch<T>(cols);
    total_ = tape.scratch<SumOf<T>>(cols);
    std::fill(piece_.begin(), piece_.end(), T{});
    std::fill(total_.begin(), total_.end(), SumOf<T>{});
  }
  /// Where a row is added to; null if no gradient is wanted.
  [[nodiscard]] T* sum() { return piece_.empty() ? gradient_ : piece_.data(); }
  void end_row(Index row) {
    if (row % piece_length == piece_length - 1) add_up();
  }
  void finish() {
    add_up();
    for (std::size_t i = 0; i < total_.size(); ++i) gradient_[i] += static_cast<T>(total_[i]);
  }

 private:
  void add_up() {
    for (std::size_t i = 0; i < piece_.size(); ++i) {
      total_[i] += static_cast<SumOf<T>>(piece_[i]);
      piece_[i] = T{};
    }
  }
  static constexpr Index piece_length = 128;

  T* gradient_;
  std::span<T> piece_{};
  std::span<SumOf<T>> total_{};
};

// With n = (x - mean) / σ and g = gamma dy:      y = gamma n + beta
// dx = (g - mean(g) - n mean(g n)) / σ      dgamma += dy n      dbeta += dy
template <class T>
void backward(Var x, Var gamma, Var beta, std::span<const Moments<T>> kept, Var y) {
  const auto& kernels = detail::row_kernels<T>();
  const MatrixView<const T> from = x.value<T>();
  const MatrixView<const T> dy = y.adjoint<T>();
  VectorGradient<T> dgamma(y.tape(), gradient<T>(gamma), from.rows, from.cols);
  VectorGradient<T> dbeta(y.tape(), gradient<T>(beta), from.rows, from.cols);
  const auto count = static_cast<T>(from.cols);
  GradientSink<T> dx{{}, false};
  if (x.wants_gradient()) dx = x.claim_gradient<T>();
  for (Index r = 0; r < from.rows; ++r) {
    const auto row = normalized<T>(from, r, kept[static_cast<std::size_t>(r)], gamma);
    const T* const seed = dy.data + r * dy.stride;
    const auto sums = kernels.normalize_sums(row, seed, dgamma.sum(), dbeta.sum(), from.cols);
    dgamma.end_row(r);
    dbeta.end_row(r);
    if (!x.wants_gradient()) continue;
    kernels.normalize_backward(row, seed, {sums.g / count, sums.gn / count}, dx.view.data + r * dx.view.stride,
                               from.cols, !dx.fresh);
  }
  dgamma.finish();
  dbeta.finish();
}

template <class T>
void compute(Var x, Var gamma, Var beta, double epsilon, Var y) {
  const MatrixView<const T> from = x.value<T>();
  const MatrixView<T> to = y.mutable_value<T>();
  const auto kept = y.tape().scratch<Moments<T>>(from.rows);
  for (Index r = 0; r < from.rows; ++r) {
    const Moments<T> m = kept[static_cast<std::size_t>(r)] = moments(from.data + r * from.stride, from.cols, epsilon);
    detail::row_kernels<T>().normalize(normalized<T>(from, r, m, gamma), values<T>(beta), to.data + r * to.stride,
                                       from.cols);
  }
  if (y.wants_gradient())
    y.tape().on_backward(y, "layer_norm", [x, gamma, beta, kept, y] { backward<T>(x, gamma, beta, kept, y); });
}

void check(const char* what, Var x, Var vector) {
  if (!vector.defined()) return;
  detail::require_one_tape("layer_norm", x, vector);
  require(vector.cols() == x.cols() && vector.rows() == 1,
          "layer_norm: {} {} for a value of shape {}; one number for each feature is needed", what, vector.shape(),
          x.shape());
}

}  // namespace

Var layer_norm(Var x, Var gamma, Var beta, double epsilon) {
  require(x.shape().rank() >= 1 && x.cols() > 0, "layer_norm: {} has no features to normalize", x.shape());
  require<ValueError>(epsilon >= 0, "layer_norm: negative epsilon {}", epsilon);
  check("gamma", x, gamma);
  check("beta", x, beta);
  const Var y = x.tape().output(x.shape(), x.wants_gradient() || wants_gradient(gamma) || wants_gradient(beta));
  dispatch(y.dtype(), [&]<class T>() { compute<T>(x, gamma, beta, epsilon, y); });
  if (auto* const observer = y.tape().operation_observer(); observer != nullptr) [[unlikely]]
    observer->named("layer_norm", std::array{x, gamma, beta}, epsilon, y);
  return y;
}

}  // namespace recur
