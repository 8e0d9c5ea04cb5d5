#include <recur/framework/ops/dropout.h>

namespace recur {
namespace {

void check_rate(const char* function, double rate) {
  require<ValueError>(rate >= 0 && rate <= 1, "{}: rate {} is not within [0, 1]", function, rate);
}

// What decides over each element, the same for both number types.
std::span<float> draw(Tape& tape, const Shape& shape, Generator& generator) {
  const auto drawn = tape.scratch<float>(shape.count());
  if (&generator == &tape.generator()) tape.draw_uniform(drawn, shape.rows());
  else generator.fill_uniform(drawn);
  return drawn;
}

// One element's factor.
template <class T>
struct Mask {
  float rate;
  T scale;

  explicit Mask(double probability)
      : rate(static_cast<float>(probability)), scale(probability < 1 ? static_cast<T>(1 / (1 - probability)) : T{}) {}
  [[nodiscard]] T operator()(float drawn) const { return drawn >= rate ? scale : T{}; }
};

}  // namespace

// y = m x with m = 0 or 1 / (1 - rate)      dx = m dy
Var dropout(Var x, double rate, Generator& generator) {
  check_rate("dropout", rate);
  Tape& tape = x.tape();
  if (!tape.training() || rate == 0) return x;
  const auto drawn = draw(tape, x.shape(), generator);
  const Var y = tape.output(x.shape(), x.wants_gradient());
  dispatch(y.dtype(), [&]<class T>() {
    const Mask<T> mask(rate);
    const MatrixView<const T> from = x.value<T>();
    const MatrixView<T> to = y.mutable_value<T>();
    const float* u = drawn.data();
    for (Index r = 0; r < to.rows; ++r, u += to.cols)
      for (Index c = 0; c < to.cols; ++c) to.data[r * to.stride + c] = mask(u[c]) * from.data[r * from.stride + c];
    if (!y.wants_gradient()) return;
    tape.on_backward(y, [x, y, drawn, mask] {
      const auto [dx, fresh] = x.claim_gradient<T>();
      const MatrixView<const T> dy = y.adjoint<T>();
      const float* v = drawn.data();
      for (Index r = 0; r < dy.rows; ++r, v += dy.cols)
        for (Index c = 0; c < dy.cols; ++c) {
          T& d = dx.data[r * dx.stride + c];
          d = mask(v[c]) * dy.data[r * dy.stride + c] + (fresh ? T{} : d);
        }
    });
  });
  return y;
}

Var dropout_mask(Tape& tape, const Shape& shape, double rate, Generator& generator) {
  check_rate("dropout_mask", rate);
  if (!tape.training() || rate == 0) return tape.filled(shape, 1);
  const auto drawn = draw(tape, shape, generator);
  const Var mask = tape.output(shape, false);
  dispatch(mask.dtype(),
           [&]<class T>() { std::transform(drawn.begin(), drawn.end(), mask.mutable_value<T>().data, Mask<T>(rate)); });
  return mask;
}

}  // namespace recur
