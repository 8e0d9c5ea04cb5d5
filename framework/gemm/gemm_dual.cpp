#include <recur/framework/gemm/gemm_dual.h>

#include <vector>

namespace recur {
namespace {

// Values and tangents of a matrix, each without gaps.
struct Parts {
  Index rows;
  Index cols;
  std::vector<double> values;
  std::vector<double> tangents;

  Parts(Index rows_, Index cols_)
      : rows(rows_),
        cols(cols_),
        values(static_cast<std::size_t>(rows_ * cols_)),
        tangents(static_cast<std::size_t>(rows_ * cols_)) {}
  explicit Parts(MatrixView<const Dual> whole) : Parts(whole.rows, whole.cols) {
    std::size_t i = 0;
    for (Index r = 0; r < rows; ++r)
      for (const Dual number : whole.row(r)) {
        values[i] = number.value;
        tangents[i++] = number.tangent;
      }
  }
  [[nodiscard]] MatrixView<double> value() { return {values.data(), rows, cols}; }
  [[nodiscard]] MatrixView<double> tangent() { return {tangents.data(), rows, cols}; }
};

}  // namespace

template <>
void multiply(MatrixView<const Dual> a, bool transpose_a, MatrixView<const Dual> b, bool transpose_b,
              MatrixView<Dual> c, bool accumulate, GemmWorkspace& workspace) {
  Parts left(a);
  Parts right(b);
  Parts product(c.rows, c.cols);
  const auto add = [&](MatrixView<const double> x, MatrixView<const double> y, MatrixView<double> to, bool adds) {
    multiply<double>(x, transpose_a, y, transpose_b, to, adds, workspace);
  };
  add(left.value(), right.value(), product.value(), false);
  add(left.tangent(), right.value(), product.tangent(), false);
  add(left.value(), right.tangent(), product.tangent(), true);
  std::size_t i = 0;
  for (Index r = 0; r < c.rows; ++r)
    for (Dual& number : c.row(r)) {
      const Dual result(product.values[i], product.tangents[i]);
      number = accumulate ? number + result : result;
      ++i;
    }
}

}  // namespace recur
