#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/split.h>

#include <limits>

using namespace recur;

namespace {

enum class Kind { sum, mean, max };

Var reduce(Kind kind, Var x, int axis, bool keep_dims) {
  if (kind == Kind::sum) return sum(x, axis, keep_dims);
  if (kind == Kind::mean) return mean(x, axis, keep_dims);
  return reduce_max(x, axis, keep_dims);
}
Var reduce(Kind kind, Var x) {
  if (kind == Kind::sum) return sum(x);
  if (kind == Kind::mean) return mean(x);
  return reduce_max(x);
}

/// By loops over outer, axis and inner positions.
std::vector<double> expected(Kind kind, const std::vector<double>& x, const Shape& shape, int axis) {
  Index outer = 1;
  Index inner = 1;
  for (int i = 0; i < axis; ++i) outer *= shape[i];
  for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  std::vector<double> result;
  for (Index o = 0; o < outer; ++o)
    for (Index k = 0; k < inner; ++k) {
      double total = kind == Kind::max ? -std::numeric_limits<double>::infinity() : 0;
      for (Index i = 0; i < shape[axis]; ++i) {
        const double v = x[static_cast<std::size_t>((o * shape[axis] + i) * inner + k)];
        total = kind == Kind::max ? std::max(total, v) : total + v;
      }
      result.push_back(kind == Kind::mean ? total / static_cast<double>(shape[axis]) : total);
    }
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reduce_suite)

BOOST_AUTO_TEST_CASE(values_and_gradients_along_every_axis) {
  for (const Kind kind : {Kind::sum, Kind::mean, Kind::max})
    for (const Shape& shape : {Shape{2, 3, 4, 17}, Shape{3, 33}, Shape{5}, Shape{3, 1}, Shape{1, 4}}) {
      for (int axis = 0; axis < shape.rank(); ++axis)
        for (const bool keep : {false, true}) {
          Tape tape(DType::float64);
          const Var x = tape.constant(test::normal(shape));
          const Var y = reduce(kind, x, axis, keep);
          BOOST_CHECK(y.shape() == (keep ? shape.with(axis, 1) : shape.without(axis)));
          test::check_close(y.to_doubles(), expected(kind, x.to_doubles(), shape, axis));
          test::check_gradient([&](Tape&, auto in) { return reduce(kind, in[0], axis - shape.rank(), keep); }, {shape});
          test::check_gradient(
              [&](Tape&, auto in) -> Var {
                const Var part = slice(in[0], -1, 1, shape.cols());
                return reduce(kind, part, axis, keep) + sum(part);  // not the first to reach the gradient
              },
              {shape.with(-1, shape.cols() + 2)}, {}, "strided");
        }
    }
}

BOOST_AUTO_TEST_CASE(over_everything) {
  for (const Kind kind : {Kind::sum, Kind::mean, Kind::max}) {
    Tape tape(DType::float64);
    const Var x = tape.constant(test::normal({3, 4, 5}));
    const Var y = reduce(kind, x);
    BOOST_CHECK(y.shape() == Shape{});
    test::check_close({y.item()}, expected(kind, x.to_doubles(), {60}, 0));
    test::check_jacobian([&](Tape&, auto in) { return reduce(kind, in[0]); }, {Shape{3, 4, 5}});
    test::check_jacobian([&](Tape&, auto in) { return reduce(kind, in[0]); }, {Shape{}});
    test::check_jacobian([&](Tape&, auto in) { return reduce(kind, slice(in[0], -1, 1, 2)); }, {Shape{3, 4}});
  }
}

BOOST_AUTO_TEST_CASE(sums_of_floats_are_accurate) {
  Tape tape(DType::float32);
  const Var x = tape.filled({1000, 1000}, 0.1);
  // Naive summation would be off by several thousand: here rows are short and added up in double.
  BOOST_TEST(std::abs(sum(x).item() - 1e5) < 1.0);
}

BOOST_AUTO_TEST_CASE(the_gradient_of_max_goes_to_the_first) {
  Tape tape(DType::float64);
  const Var x = tape.input(Tensor<double>({2, 3}, {1, 5, 5, 7, 2, 7}));
  tape.backward(sum(reduce_max(x, -1)));
  BOOST_TEST(x.gradient().to_doubles() == (std::vector<double>{0, 1, 0, 1, 0, 0}), boost::test_tools::per_element());
  tape.reset();
  const Var z = tape.input(Tensor<double>({2, 2}, {3, 1, 3, 1}));
  tape.backward(sum(reduce_max(z, 0)));
  BOOST_TEST(z.gradient().to_doubles() == (std::vector<double>{1, 1, 0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_not_a_number_stays_so) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int place = 0; place < 3; ++place)
    for (const Kind kind : {Kind::sum, Kind::mean, Kind::max}) {
      Tape tape(DType::float64);
      std::vector<double> numbers = {3, 1, 2};
      numbers[static_cast<std::size_t>(place)] = nan;
      const Var row = tape.constant(Tensor<double>({1, 3}, numbers));
      const Var column = tape.constant(Tensor<double>({3, 1}, numbers));
      BOOST_TEST(std::isnan(reduce(kind, row, 1, false).item()), "row, place " << place);
      BOOST_TEST(std::isnan(reduce(kind, column, 0, false).item()), "column, place " << place);
      BOOST_TEST(std::isnan(reduce(kind, row).item()), "all, place " << place);
    }
}

BOOST_AUTO_TEST_CASE(empty_arrays) {
  Tape tape(DType::float64);
  const Var x = tape.constant(Tensor<double>({0, 3}));
  BOOST_TEST(sum(x).item() == 0.0);
  test::check_close(sum(x, 0).to_doubles(), {0, 0, 0}, 0);
  BOOST_CHECK_THROW((void)mean(x), ShapeError);
  BOOST_CHECK_THROW((void)mean(x, 0), ShapeError);
  BOOST_CHECK_THROW((void)reduce_max(x, 0), ShapeError);
  BOOST_CHECK_THROW((void)reduce_max(x), ShapeError);
  BOOST_CHECK_THROW((void)sum(x, 2), ShapeError);
}

// A float that has grown large takes in no small ones: 0.1 ten million times is not 0.1 · 10⁷ if added up one by one.
BOOST_AUTO_TEST_CASE(long_sums_of_float_keep_their_digits) {
  constexpr double exact_enough = 1e-6;
  Tape tape;
  for (const Index n : {100'000, 10'000'000}) {
    const double total = static_cast<double>(0.1F) * static_cast<double>(n);
    const Var rows = tape.filled({n, 2}, 0.1);
    BOOST_TEST(sum(rows, 0).to_doubles()[1] == total, boost::test_tools::tolerance(exact_enough));
    BOOST_TEST(mean(rows, 0).to_doubles()[0] == static_cast<double>(0.1F), boost::test_tools::tolerance(exact_enough));
    BOOST_TEST(sum(rows).item() == 2 * total, boost::test_tools::tolerance(exact_enough));
    tape.reset();
    const Var middle = tape.filled({1, n, 2}, 0.1);
    BOOST_TEST(sum(middle, 1).to_doubles()[1] == total, boost::test_tools::tolerance(exact_enough));
    tape.reset();
    const Var row = tape.filled({1, n}, 0.1);
    BOOST_TEST(sum(row, 1).to_doubles()[0] == total, boost::test_tools::tolerance(exact_enough));
    BOOST_TEST(sum(row).item() == total, boost::test_tools::tolerance(exact_enough));
    tape.reset();
  }
}

BOOST_AUTO_TEST_SUITE_END()
