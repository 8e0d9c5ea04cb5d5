#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/layer_norm.h>
#include <recur/framework/ops/split.h>

#include <cmath>

using namespace recur;

namespace {

std::vector<double> reference(const Tensor<double>& x, const Tensor<double>& gamma, const Tensor<double>& beta,
                              double epsilon) {
  std::vector<double> result;
  const auto rows = x.matrix();
  for (Index r = 0; r < rows.rows; ++r) {
    double mean = 0;
    double variance = 0;
    for (const double v : rows.row(r)) mean += v / static_cast<double>(rows.cols);
    for (const double v : rows.row(r)) variance += (v - mean) * (v - mean) / static_cast<double>(rows.cols);
    for (Index c = 0; c < rows.cols; ++c)
      result.push_back(gamma(c) * (rows(r, c) - mean) / std::sqrt(variance + epsilon) + beta(c));
  }
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(layer_norm_suite)

BOOST_AUTO_TEST_CASE(values) {
  for (const Index features : {1, 2, 15, 16, 17, 33, 256})
    for (const DType dtype : {DType::float32, DType::float64}) {
      const Tensor<double> x = test::normal({2, 3, features}, 1);
      const Tensor<double> gamma = test::normal({features}, 2);
      const Tensor<double> beta = test::normal({features}, 3);
      const double tolerance = dtype == DType::float32 ? 2e-5 : 1e-12;
      Tape tape(dtype);
      test::check_close(layer_norm(tape.constant(x), tape.constant(gamma), tape.constant(beta)).to_doubles(),
                        reference(x, gamma, beta, 1e-3), tolerance);
      test::check_close(layer_norm(tape.constant(x), tape.constant(gamma), tape.constant(beta), 1e-5).to_doubles(),
                        reference(x, gamma, beta, 1e-5), 10 * tolerance);
    }
}

BOOST_AUTO_TEST_CASE(gradients) {
  for (const Index features : {2, 7, 8, 9, 17}) {
    test::check_jacobian([](Tape&, auto x) { return layer_norm(x[0], x[1], x[2]); },
                         {Shape{3, features}, Shape{features}, Shape{features}});
    test::check_jacobian([](Tape&, auto x) { return layer_norm(x[0], Var(), Var()); }, {Shape{3, features}});
    test::check_jacobian([](Tape&, auto x) { return layer_norm(x[0], x[1], Var()); },
                         {Shape{3, features}, Shape{features}});
    test::check_jacobian([](Tape& tape, auto x) { return layer_norm(tape.detach(x[0]) * 0, Var(), x[1]); },
                         {Shape{3, features}, Shape{features}});
    test::check_jacobian(
        [&](Tape&, auto x) -> Var {
          const Var part = slice(x[0], -1, 1, features);
          return layer_norm(part, x[1], x[2]) * part;
        },
        {Shape{3, features + 2}, Shape{features}, Shape{features}});
  }
}

BOOST_AUTO_TEST_CASE(parameters) {
  Parameter gamma("gamma");
  Parameter beta("beta");
  test::fill(gamma, {5}, 1);
  test::fill(beta, {5}, 2);
  test::check_jacobian([&](Tape&, auto x) { return layer_norm(x[0], gamma, beta); }, {Shape{3, 5}}, {&gamma, &beta});
}

BOOST_AUTO_TEST_CASE(a_constant_row_stays_finite) {
  Tape tape(DType::float32);
  const Var x = tape.input(Tensor<double>({1, 4}, {3, 3, 3, 3}));
  const Var y = layer_norm(x, Var(), Var());
  test::check_close(y.to_doubles(), {0, 0, 0, 0}, 0);
  tape.backward(y, test::ones(y));
  for (const double g : x.gradient().to_doubles()) BOOST_TEST(std::isfinite(g));
}

BOOST_AUTO_TEST_CASE(wrong_arguments_are_refused) {
  Tape tape(DType::float64);
  const Var x = tape.constant(test::normal({3, 5}));
  BOOST_CHECK_THROW((void)layer_norm(x, tape.constant(test::normal({4})), Var()), ShapeError);
  BOOST_CHECK_THROW((void)layer_norm(x, Var(), tape.constant(test::normal({5, 1}))), ShapeError);
  BOOST_CHECK_THROW((void)layer_norm(tape.constant(1.0), Var(), Var()), ShapeError);
  BOOST_CHECK_THROW((void)layer_norm(x, Var(), Var(), -1), ValueError);
  Tape other(DType::float64);
  BOOST_CHECK_THROW((void)layer_norm(x, Var(), other.constant(test::normal({5}))), ForeignVar);
}

BOOST_AUTO_TEST_SUITE_END()
