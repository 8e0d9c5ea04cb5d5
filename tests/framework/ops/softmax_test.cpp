#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/row_kernels.h>
#include <recur/framework/ops/softmax.h>
#include <recur/framework/ops/split.h>

#include <cmath>
#include <limits>
#include <numeric>

using namespace recur;

namespace {

std::vector<double> reference(const Tensor<double>& x, bool logarithm) {
  std::vector<double> result;
  const auto rows = x.matrix();
  for (Index r = 0; r < rows.rows; ++r) {
    double total = 0;
    for (const double v : rows.row(r)) total += std::exp(v);
    for (const double v : rows.row(r)) result.push_back(logarithm ? v - std::log(total) : std::exp(v) / total);
  }
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(softmax_suite)

BOOST_AUTO_TEST_CASE(values) {
  for (const Index classes : {1, 2, 15, 16, 17, 33, 65, 1000})
    for (const DType dtype : {DType::float32, DType::float64}) {
      const double tolerance = dtype == DType::float32 ? 2e-5 : 1e-12;  // logarithms reach about 10
      const Tensor<double> x = test::normal({2, 3, classes});
      Tape tape(dtype);
      test::check_close(softmax(tape.constant(x)).to_doubles(), reference(x, false), tolerance);
      test::check_close(log_softmax(tape.constant(x)).to_doubles(), reference(x, true), tolerance);
    }
}

BOOST_AUTO_TEST_CASE(gradients) {
  for (const Index classes : {1, 2, 7, 8, 9, 17}) {
    test::check_jacobian([](Tape&, auto x) { return softmax(x[0]); }, {Shape{2, classes}});
    test::check_jacobian([](Tape&, auto x) { return log_softmax(x[0]); }, {Shape{2, classes}});
    test::check_jacobian(
        [&](Tape&, auto x) -> Var {
          const Var part = slice(x[0], -1, 1, classes);
          return softmax(part) * log_softmax(part) + part;
        },
        {Shape{2, classes + 3}});
  }
}

BOOST_AUTO_TEST_CASE(large_numbers_do_not_overflow) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    Tape tape(dtype);
    const Var x = tape.constant(Tensor<double>({2, 3}, {1e4, 1e4, -1e4, -1e4, -1e4 - 1, -2e4}));
    const auto p = softmax(x).to_doubles();
    test::check_close(p, {0.5, 0.5, 0, 1 / (1 + std::exp(-1)), 1 / (1 + std::exp(1)), 0}, 1e-3 * 1e-3);
    const auto l = log_softmax(x).to_doubles();
    for (const double v : l) BOOST_TEST(std::isfinite(v));
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_a_number_stays_so) {
  const Index classes = 19;  // more than a register, and a rest
  for (const DType dtype : {DType::float32, DType::float64})
    for (Index place = 0; place < classes; ++place) {
      Tape tape(dtype);
      Tensor<double> x({1, classes});
      x.data()[place] = std::numeric_limits<double>::quiet_NaN();
      for (const double p : softmax(tape.constant(x)).to_doubles()) BOOST_TEST(std::isnan(p), "place " << place);
      for (const double l : log_softmax(tape.constant(x)).to_doubles()) BOOST_TEST(std::isnan(l), "place " << place);
    }
}

BOOST_AUTO_TEST_CASE(shapes_are_checked) {
  Tape tape(DType::float64);
  BOOST_CHECK_THROW((void)softmax(tape.constant(1.0)), ShapeError);
  BOOST_CHECK_THROW((void)log_softmax(tape.constant(Tensor<double>({2, 0}))), ShapeError);
}

// Every instruction set this machine has gives the same numbers, up to rounding.
BOOST_AUTO_TEST_CASE(row_kernels_agree) {
  const auto& fastest = detail::row_kernels<double>();
  const auto& portable = *detail::portable_row_kernels<double>();
  for (const Index n : {1, 3, 8, 13, 100}) {
    const Tensor<double> x = test::normal({n}, 1);
    const Tensor<double> q = test::uniform({n}, 0, 1, 2);
    const auto check = [](double a, double b) { test::check_close({a}, {b}); };
    check(fastest.sum(x.data(), n), portable.sum(x.data(), n));
    check(fastest.dot(x.data(), q.data(), n), portable.dot(x.data(), q.data(), n));
    check(fastest.log_sum_exp(x.data(), n), portable.log_sum_exp(x.data(), n));
    check(fastest.binary_nll(x.data(), q.data(), 0.9, 0.05, n), portable.binary_nll(x.data(), q.data(), 0.9, 0.05, n));
    check(fastest.squared_deviation(x.data(), 0.3, n), portable.squared_deviation(x.data(), 0.3, n));
    std::vector<double> a(static_cast<std::size_t>(n));
    std::vector<double> b(a);
    fastest.softmax(x.data(), a.data(), n);
    portable.softmax(x.data(), b.data(), n);
    test::check_close(a, b);
  }
}

BOOST_AUTO_TEST_SUITE_END()
