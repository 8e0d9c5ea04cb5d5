#include "support.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/split.h>

#include <algorithm>
#include <numeric>

using namespace recur;

namespace {

Tensor<double> product(const Tensor<double>& a, bool transpose_a, const Tensor<double>& b, bool transpose_b) {
  const auto left = a.matrix();
  const auto right = b.matrix();
  const Index rows = transpose_a ? left.cols : left.rows;
  const Index inner = transpose_a ? left.rows : left.cols;
  const Index cols = transpose_b ? right.rows : right.cols;
  Tensor<double> c({rows, cols});
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j)
      for (Index k = 0; k < inner; ++k)
        c(i, j) += (transpose_a ? left(k, i) : left(i, k)) * (transpose_b ? right(j, k) : right(k, j));
  return c;
}

struct Case {
  Transpose transpose;
  Shape a;
  Shape w;
};
const std::vector<Case>& transposes() {
  static const std::vector<Case> all = {
      {Transpose::none, {5, 7}, {7, 19}}, {Transpose::a, {7, 5}, {7, 19}}, {Transpose::b, {5, 7}, {19, 7}}};
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(linear)

BOOST_AUTO_TEST_CASE(products_equal_plain_loops) {
  for (const Case& c : transposes()) {
    const Tensor<double> a = test::normal(c.a, 1);
    const Tensor<double> w = test::normal(c.w, 2);
    const auto expected = product(a, c.transpose == Transpose::a, w, c.transpose == Transpose::b);
    const std::vector<double> values(expected.values().begin(), expected.values().end());
    for (const DType dtype : {DType::float32, DType::float64}) {
      // 7 products of numbers around 1: a few float roundings of 6e-8 each.
      const double tolerance = dtype == DType::float32 ? 2e-6 : 1e-14;
      Tape tape(dtype);
      const Var plain = matmul(tape.constant(a), tape.constant(w), c.transpose);
      BOOST_CHECK(plain.shape() == (Shape{5, 19}));
      test::check_close(plain.to_doubles(), values, tolerance);
      Parameter parameter("w");
      test::fill(parameter, c.w, 2, dtype);
      const Var packed = matmul(tape.constant(a), parameter, c.transpose);
      test::check_close(packed.to_doubles(), values, tolerance);
    }
  }
}

BOOST_AUTO_TEST_CASE(product_gradients) {
  for (const Case& c : transposes()) {
    test::check_jacobian([&](Tape&, auto x) -> Var { return matmul(x[0], x[1], c.transpose); }, {c.a, c.w});
    Parameter w("w");
    test::fill(w, c.w, 2);
    test::check_jacobian([&](Tape&, auto x) -> Var { return matmul(x[0], w, c.transpose); }, {c.a}, {&w});
  }
}

BOOST_AUTO_TEST_CASE(strided_operands) {
  Parameter w("w");
  test::fill(w, {4, 3}, 2);
  test::check_jacobian([&](Tape&, auto x) -> Var { return matmul(slice(x[0], -1, 1, 4), w); }, {Shape{3, 6}}, {&w});
  test::check_jacobian(
      [&](Tape&, auto x) -> Var { return matmul(slice(x[0], -1, 1, 4), slice(x[1], -1, 2, 3), Transpose::none); },
      {Shape{3, 6}, Shape{4, 6}});
  test::check_jacobian(
      [&](Tape&, auto x) -> Var { return matmul(slice(x[0], -1, 1, 4), slice(x[0], -1, 2, 4), Transpose::b); },
      {Shape{3, 6}});
}

BOOST_AUTO_TEST_CASE(a_value_times_itself) {
  test::check_jacobian([](Tape&, auto x) -> Var { return matmul(x[0], x[0]); }, {Shape{4, 4}});
  test::check_jacobian([](Tape&, auto x) -> Var { return matmul(x[0], x[0], Transpose::b); }, {Shape{4, 3}});
}

BOOST_AUTO_TEST_CASE(all_axes_but_the_last_are_rows) {
  Parameter w("w");
  test::fill(w, {4, 3}, 2);
  Tape tape(DType::float64);
  const Var y = matmul(tape.constant(test::normal({5, 2, 4})), w);
  BOOST_CHECK(y.shape() == (Shape{5, 2, 3}));
}

BOOST_AUTO_TEST_CASE(sums_of_products_and_addends_are_one_record) {
  Parameter w("w");
  Parameter u("u");
  Parameter bias("bias");
  test::fill(w, {4, 9}, 1);
  test::fill(u, {6, 9}, 2);
  test::fill(bias, {9}, 3);
  const auto f = [&](Tape&, auto x) -> Var { return matmul(x[0], w) + matmul(x[1], u) + bias + x[2]; };
  test::check_jacobian(f, {Shape{3, 4}, Shape{3, 6}, Shape{3, 9}}, {&w, &u, &bias});
  test::check_jacobian(f, {Shape{1, 4}, Shape{1, 6}, Shape{1, 9}}, {&w, &u, &bias}, "one row");
  const auto other_order = [&](Tape&, auto x) -> Var { return x[2] + (bias + matmul(x[0], w)) + matmul(x[1], u); };
  test::check_jacobian(other_order, {Shape{3, 4}, Shape{3, 6}, Shape{9}}, {&w, &u, &bias}, "a row as addend");
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({3, 4}));
  const Var h = tape.input(test::normal({3, 6}));
  for (Parameter* p : {&w, &u, &bias}) (void)tape.leaf(*p);
  const auto records = tape.size();
  const Var z = matmul(x, w) + matmul(h, u) + bias;
  BOOST_TEST(tape.size() == records + 1);
  auto expected = product(test::normal({3, 4}), false, test::normal({4, 9}, 1), false);
  const auto second = product(test::normal({3, 6}), false, test::normal({6, 9}, 2), false);
  const auto b = test::normal({9}, 3);
  for (Index i = 0; i < expected.size(); ++i) expected.data()[i] += second.data()[i] + b(i % 9);
  test::check_close(z.to_doubles(), {expected.values().begin(), expected.values().end()});
}

BOOST_AUTO_TEST_CASE(products_in_other_arithmetic) {
  Parameter w("w");
  test::fill(w, {4, 9}, 1);
  test::check_jacobian([&](Tape&, auto x) -> Var { return tanh(matmul(x[0], w)) * 2 - matmul(x[0], w); }, {Shape{3, 4}},
                       {&w});
}

BOOST_AUTO_TEST_CASE(shapes_that_do_not_fit_are_refused) {
  Tape tape(DType::float64);
  const Var a = tape.constant(test::normal({3, 4}));
  BOOST_CHECK_THROW((void)matmul(a, tape.constant(test::normal({5, 2}))), ShapeError);
  BOOST_CHECK_THROW((void)matmul(a, tape.constant(test::normal({4}))), ShapeError);
  BOOST_CHECK_THROW((void)matmul(tape.constant(1.0), a), ShapeError);
  const Linear z = matmul(a, tape.constant(test::normal({4, 2})));
  BOOST_CHECK_THROW((void)(z + tape.constant(test::normal({3}))), ShapeError);
  BOOST_CHECK_THROW((void)(z + tape.constant(test::normal({2, 1}))), ShapeError);
  BOOST_CHECK_THROW((void)(z + matmul(a, tape.constant(test::normal({4, 3})))), ShapeError);
  const Var row = tape.constant(test::normal({2}));
  BOOST_CHECK_THROW((void)(z + row + row + row + row + row), ValueError);
  BOOST_CHECK_THROW((void)(z + z + z + z + z), ValueError);
  try {
    (void)matmul(a, tape.constant(test::normal({2, 4})));
    BOOST_ERROR("not refused");
  } catch (const ShapeError& error) {
    const std::string message = error.what();
    BOOST_TEST(message.find("[3, 4]") != std::string::npos, message);
    BOOST_TEST(message.find("Transpose::b") != std::string::npos, message);
  }
}

BOOST_AUTO_TEST_CASE(changed_parameters_are_packed_again) {
  Parameter w("w");
  test::fill(w, {4, 3}, 1);
  Tape tape(DType::float64);
  const Tensor<double> a = test::normal({2, 4}, 5);
  for (std::uint64_t seed = 1; seed < 4; ++seed) {
    tape.reset();
    w.edit().assign(test::normal({4, 3}, seed).values());
    const Var x = tape.input(a);
    const Var y = matmul(x, w);
    const auto expected = product(a, false, test::normal({4, 3}, seed), false);
    test::check_close(y.to_doubles(), {expected.values().begin(), expected.values().end()});
    tape.backward(y, test::ones(y));
    const auto gradient =
        product(Tensor<double>({2, 3}, std::vector<double>(6, 1.0)), false, test::normal({4, 3}, seed), true);
    test::check_close(x.gradient().to_doubles(), {gradient.values().begin(), gradient.values().end()});
  }
}

// So many that their products are added up before all of them have come.
BOOST_AUTO_TEST_CASE(weight_gradient_of_many_steps) {
  constexpr Index steps = 30;
  constexpr Index batch = 32;
  const Tensor<double> a = test::normal({steps * batch, 48}, 3);
  const Tensor<double> seed = test::normal({steps * batch, 80}, 4);
  const auto expected = product(a, true, seed, false);
  const auto expected_transposed = product(seed, true, a, false);
  for (const Transpose transpose : {Transpose::none, Transpose::b}) {
    Parameter w("w");
    test::fill(w, transpose == Transpose::none ? Shape{48, 80} : Shape{80, 48}, 1);
    Tape tape(DType::float64);
    const Var x = tape.constant(a);
    std::vector<Var> outputs;
    for (Index t = 0; t < steps; ++t) outputs.emplace_back(matmul(slice(x, 0, t * batch, batch), w, transpose));
    tape.backward(concat(outputs, 0), Array(seed.clone()));
    const auto& wanted = transpose == Transpose::none ? expected : expected_transposed;
    test::check_close(w.gradient.to_doubles(), {wanted.values().begin(), wanted.values().end()});
  }
}

BOOST_AUTO_TEST_CASE(frozen_parameters_get_no_gradient) {
  Parameter w("w");
  test::fill(w, {4, 3}, 1);
  w.trainable = false;
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({2, 4}));
  const Var y = matmul(x, w);
  tape.backward(y, test::ones(y));
  test::check_close(w.gradient.to_doubles(), std::vector<double>(12, 0.0), 0);
  BOOST_TEST(x.gradient().to_doubles()[0] != 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
