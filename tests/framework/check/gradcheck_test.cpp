#include "support.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/gradient.h>
#include <recur/framework/ops/reduce.h>

using namespace recur;

namespace {

// x² whose adjoint is wrong in one element.
Var wrong_square(Var x) {
  const Var y = x.tape().output(x.shape(), x.wants_gradient());
  const auto from = x.value<double>();
  const auto to = y.mutable_value<double>();
  for (Index i = 0; i < x.size(); ++i) to.data[i] = from.data[i] * from.data[i];
  y.tape().on_backward(y, [x, y] {
    const auto dx = x.add_gradient<double>();
    for (Index i = 0; i < x.size(); ++i)
      dx.data[i] += (i == 4 ? 3 : 2) * x.value<double>().data[i] * y.adjoint<double>().data[i];
  });
  return y;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradcheck_suite)

BOOST_AUTO_TEST_CASE(a_right_adjoint_passes) {
  const auto f = [](Tape&, auto x) -> Var { return tanh(x[0]) * x[1] + 0.5; };
  const auto direction = gradcheck(f, {Shape{2, 3}, Shape{3}});
  BOOST_TEST(direction.passed, direction.message);
  BOOST_TEST(direction.error < 1e-7);
  const auto jacobian = gradcheck_jacobian(f, {Shape{2, 3}, Shape{3}});
  BOOST_TEST(jacobian.passed, jacobian.message);
}

BOOST_AUTO_TEST_CASE(a_wrong_adjoint_is_named) {
  const auto f = [](Tape&, auto x) -> Var { return wrong_square(x[1]) + x[0]; };
  const Tensor<double> values = test::uniform({2, 3}, 1, 2);
  for (const auto& check : {gradcheck, gradcheck_jacobian}) {
    const auto result = check(f, {Shape{2, 3}, values}, {}, {});
    BOOST_TEST(!result.passed);
    BOOST_TEST(result.error > 1e-4);
    BOOST_TEST(result.message.find("input 1 [2, 3], element [1, 1]") != std::string::npos, result.message);
    BOOST_TEST(result.message.find("analytic") != std::string::npos, result.message);
    BOOST_TEST(result.message.find("numeric") != std::string::npos, result.message);
  }
}

BOOST_AUTO_TEST_CASE(parameters_are_arguments_and_are_put_back) {
  Parameter w("w");
  test::fill(w, {3, 2}, 3);
  w.gradient.fill(5);
  const auto before = w.value().to_doubles();
  const auto result = gradcheck_jacobian([&](Tape&, auto x) -> Var { return matmul(x[0], w); }, {Shape{4, 3}}, {&w});
  BOOST_TEST(result.passed, result.message);
  BOOST_TEST(w.value().to_doubles() == before, boost::test_tools::per_element());
  BOOST_TEST(w.gradient.to_doubles()[0] == 5.0);
}

BOOST_AUTO_TEST_CASE(a_missing_parameter_gradient_fails) {
  Parameter w("w");
  test::fill(w, {3}, 3);
  const auto result =
      gradcheck([&](Tape& tape, auto x) -> Var { return x[0] * tape.detach(tape.leaf(w)); }, {Shape{3}}, {&w});
  BOOST_TEST(!result.passed);
  BOOST_TEST(result.message.find("parameter 'w' [3]") != std::string::npos, result.message);
}

BOOST_AUTO_TEST_CASE(not_a_number_fails) {
  const Tensor<double> values({2}, {1, -1});
  BOOST_TEST(!gradcheck([](Tape&, auto x) -> Var { return log(x[0]); }, {values}).passed);
}

// Twice the gradient, whatever its size and whatever stands beside it.
BOOST_AUTO_TEST_CASE(a_wrong_gradient_is_found_where_it_is_small) {
  for (const double size : {1.0, 1e-3, 1e-6, 1e-9}) {
    const Tensor<double> values({3}, {size, -2 * size, 1.5 * size});
    const auto f = [](bool right) {
      return [right](Tape&, auto x) -> Var { return square(right ? x[0] : scale_gradient(x[0], 2)) * 3.0; };
    };
    for (const auto& check : {gradcheck, gradcheck_jacobian}) {
      const GradcheckOptions options{.step = 1e-6 * size};
      BOOST_TEST(!check(f(false), {values}, {}, options).passed, size);
      const auto right = check(f(true), {values}, {}, options);
      BOOST_TEST(right.passed, size << ": " << right.message);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_gradient_is_found_beside_a_large_one) {
  for (const double large : {1.0, 1e3, 1e7})
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const auto f = [large](double factor) {
        return
            [=](Tape&, auto x) -> Var { return large * sum(square(x[0])) + sum(square(scale_gradient(x[1], factor))); };
      };
      BOOST_TEST(!gradcheck(f(2), {Shape{4}, Shape{4}}, {}, {.seed = seed}).passed, large << ", seed " << seed);
      const auto right = gradcheck(f(1), {Shape{4}, Shape{4}}, {}, {.seed = seed});
      BOOST_TEST(right.passed, large << ", seed " << seed << ": " << right.message);
    }
}

BOOST_AUTO_TEST_CASE(a_gradient_too_small_to_be_checked_is_told) {
  const auto f = [](Tape&, auto x) -> Var { return 1e12 * sum(square(x[0])) + sum(x[1] * 1e-6); };
  const auto result = gradcheck(f, {Shape{3}, Shape{3}});
  BOOST_TEST(!result.passed);
  BOOST_TEST(result.message.find("input 1 [3]: the gradient") != std::string::npos, result.message);
  BOOST_TEST(result.message.find("too small to be checked") != std::string::npos, result.message);
}

BOOST_AUTO_TEST_CASE(an_argument_without_effect_passes) {
  const auto result = gradcheck([](Tape&, auto x) -> Var { return square(x[0]) + 0.0 * x[1]; }, {Shape{3}, Shape{3}});
  BOOST_TEST(result.passed, result.message);
}

BOOST_AUTO_TEST_SUITE_END()
