#include <recur/framework/ops/layer_norm.h>
#include <recur/framework/ops/row_kernels.h>

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
  return {mean, 1 / std::sqrt(variance + static_cast<T>(epsilon))};
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

// With n = (x - mean) / σ and g = gamma dy:      y = gamma n + beta
// dx = (g - mean(g) - n mean(g n)) / σ      dgamma += dy n      dbeta += dy
template <class T>
void backward(Var x, Var gamma, Var beta, std::span<const Moments<T>> kept, Var y) {
  const MatrixView<const T> from = x.value<T>();
  const MatrixView<const T> dy = y.adjoint<T>();
  const T* const scale = values<T>(gamma);
  T* const dgamma = gradient<T>(gamma);
  T* const dbeta = gradient<T>(beta);
  const auto count = static_cast<T>(from.cols);
  GradientSink<T> dx{{}, false};
  if (x.wants_gradient()) dx = x.claim_gradient<T>();
  for (Index r = 0; r < from.rows; ++r) {
    const auto [mean, inverse] = kept[static_cast<std::size_t>(r)];
    const T* const row = from.data + r * from.stride;
    const T* const seed = dy.data + r * dy.stride;
    T sum_g = 0;
    T sum_gn = 0;
    for (Index c = 0; c < from.cols; ++c) {
      const T n = (row[c] - mean) * inverse;
      const T g = scale == nullptr ? seed[c] : scale[c] * seed[c];
      sum_g += g;
      sum_gn += g * n;
      if (dgamma != nullptr) dgamma[c] += seed[c] * n;
      if (dbeta != nullptr) dbeta[c] += seed[c];
    }
    if (dx.view.data == nullptr) continue;
    T* const to = dx.view.data + r * dx.view.stride;
    for (Index c = 0; c < from.cols; ++c) {
      const T n = (row[c] - mean) * inverse;
      const T g = scale == nullptr ? seed[c] : scale[c] * seed[c];
      const T d = (g - sum_g / count - n * (sum_gn / count)) * inverse;
      to[c] = dx.fresh ? d : to[c] + d;
    }
  }
}

template <class T>
void compute(Var x, Var gamma, Var beta, double epsilon, Var y) {
  const MatrixView<const T> from = x.value<T>();
  const MatrixView<T> to = y.mutable_value<T>();
  const T* const scale = values<T>(gamma);
  const T* const shift = values<T>(beta);
  const auto kept = y.tape().scratch<Moments<T>>(from.rows);
  for (Index r = 0; r < from.rows; ++r) {
    const T* const row = from.data + r * from.stride;
    const Moments<T> m = kept[static_cast<std::size_t>(r)] = moments(row, from.cols, epsilon);
    T* const target = to.data + r * to.stride;
    for (Index c = 0; c < from.cols; ++c)
      target[c] = (scale == nullptr ? T{1} : scale[c]) * ((row[c] - m.mean) * m.inverse_deviation) +
                  (shift == nullptr ? T{} : shift[c]);
  }
  if (y.wants_gradient()) y.tape().on_backward(y, [x, gamma, beta, kept, y] { backward<T>(x, gamma, beta, kept, y); });
}

void check(const char* what, Var x, Var vector) {
  require(!vector.defined() || (vector.cols() == x.cols() && vector.rows() == 1),
          "layer_norm: {} {} for a value of shape {}; one number for each feature is needed", what,
          vector.defined() ? vector.shape() : Shape{}, x.shape());
}

}  // namespace

Var layer_norm(Var x, Var gamma, Var beta, double epsilon) {
  require(x.shape().rank() >= 1 && x.cols() > 0, "layer_norm: {} has no features to normalize", x.shape());
  require<ValueError>(epsilon >= 0, "layer_norm: negative epsilon {}", epsilon);
  check("gamma", x, gamma);
  check("beta", x, beta);
  const Var y = x.tape().output(x.shape(), x.wants_gradient() || wants_gradient(gamma) || wants_gradient(beta));
  dispatch(y.dtype(), [&]<class T>() { compute<T>(x, gamma, beta, epsilon, y); });
  return y;
}

}  // namespace recur
