#include <recur/framework/autodiff/linear.h>
#include <recur/framework/check/non_finite.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/ops/transpose.h>
#include <recur/framework/threads/parallel.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(non_finite)

BOOST_AUTO_TEST_CASE(operations_have_the_names_of_their_functions) {
  Tape tape;
  Parameter weights("weights");
  weights.create({3, 2}, DType::float32);
  const Var x = tape.input(Tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  (void)transpose(x);
  const Var y = fuse([](auto a) { return log(a * a) + a * a; }, x);
  (void)sum(y);
  const Var z = matmul(x, weights);
  (void)z;
  std::vector<std::string> names;
  for (const detail::Record& record : tape.records()) names.push_back(record.name());
  const std::vector<std::string> wanted = {"transpose", "multiply, log, add", "sum_all", "the parameter weights",
                                           "matmul"};
  BOOST_TEST(names == wanted, boost::test_tools::per_element());
}

// What fuse keeps lies where the product was, which is not to be blamed for it.
BOOST_AUTO_TEST_CASE(a_product_that_was_written_over_is_passed_over) {
  Tape tape;
  Parameter weights("weights");
  weights.create({3, 34}, DType::float32);
  weights.edit().fill(100);
  const Var x = tape.constant(Tensor<float>({1, 3}, {1, 1, 1}));
  (void)fuse([](auto a, auto b) { return exp(a) * 0.5 + b; }, split<2>(matmul(x, weights)));
  const auto found = first_non_finite(tape);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->operation == "exp, multiply, add");
}

// Threads add up what they have before the gradient is looked at.
BOOST_AUTO_TEST_CASE(a_bias_whose_gradient_overflows_is_found_on_any_number_of_threads) {
  const int before = threads();
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    Parameter weights("weights");
    weights.create({64, 512}, DType::float32);
    Parameter bias("bias");
    bias.create({512}, DType::float32);
    Tape tape;
    const Var x = tape.constant(Tensor<float>(Shape{64, 64}));
    Var y = matmul(x, weights) + bias;
    for (int i = 0; i < 40; ++i) y = y * 1.0;
    const auto found = first_non_finite_gradient(tape, sum(Var(y * 1e37)));
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->operation == "the parameter bias");
  }
  set_threads(before);
}

BOOST_AUTO_TEST_CASE(the_first_operation_with_such_a_result_is_found) {
  Tape tape;
  Parameter weights("weights");
  weights.create({3, 2}, DType::float32);
  const Var x = tape.constant(Tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  const Var y = matmul(x, weights);
  const Var z = log(y);
  const Var loss = sum(Var(z * 2.0));
  const auto found = first_non_finite(tape);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->operation == "log");
  BOOST_TEST((found->shape == Shape{2, 2}));
  BOOST_TEST(found->value == -std::numeric_limits<double>::infinity());
  BOOST_TEST(std::isinf(loss.item()));

  tape.reset();
  weights.edit().fill(std::numeric_limits<double>::quiet_NaN());
  (void)static_cast<Var>(matmul(tape.constant(Tensor<float>({1, 3}, {1, 2, 3})), weights));
  BOOST_TEST(first_non_finite(tape)->operation == "the parameter weights");
}

BOOST_AUTO_TEST_CASE(gradients_are_looked_at_in_the_order_they_flow) {
  Tape tape;
  const Var x = tape.input(Tensor<float>({2}, {0, 4}));
  const Var doubled = x * 2.0;
  const Var root = sqrt(doubled);
  const Var loss = sum(root);
  tape.backward(loss);
  BOOST_TEST(!first_non_finite(tape).has_value());
  const auto found = first_non_finite_gradient(tape, loss);  // of sqrt at 0
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->operation == "multiply");
  BOOST_TEST(std::isinf(found->value));
}

// The last cell state of an LSTM is such an output.
BOOST_AUTO_TEST_CASE(an_output_that_no_gradient_reaches_is_passed_over) {
  Tape tape;
  const Var x = tape.input(Tensor<float>({2}, {0, 4}));
  const auto [used, unused] = fuse([](auto a) { return std::tuple(a * 2.0, a * a); }, x);
  const Var loss = sum(sqrt(used));
  tape.backward(loss);
  const auto found = first_non_finite_gradient(tape, loss);  // of sqrt at 0
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->operation == "multiply");
  BOOST_TEST((found->shape == Shape{2}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
