#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/train/callbacks/finite_guard.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace recur;

// Two weights on a tape; the loss is one of their product with (1, 1).
struct Weights {
  Tape tape{DType::float64};
  Parameter fine{"fine"};
  Parameter weights{"weights"};
  std::vector<NamedParameter> all{{"model.fine", &fine}, {"model.weights", &weights}};

  explicit Weights(double first) {
    fine.create({1, 1}, DType::float64);
    weights.create({2, 1}, DType::float64);
    weights.edit().assign(std::vector<double>{first, 1});
  }
  Var loss_of(const std::function<Var(Var)>& function) {
    const Var product = matmul(tape.constant(Tensor<double>({1, 2}, {1, 1})), weights);
    const Var loss = sum(function(product)) + sum(tape.leaf(fine));
    tape.backward(loss);
    return loss;
  }
};

std::string refusal(Weights& w, Var loss) {
  try {
    require_finite_gradients("step 7", w.tape, loss, w.all);
  } catch (const StateError& error) {
    return error.what();
  }
  return {};
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

BOOST_AUTO_TEST_SUITE(finite_guard)

BOOST_AUTO_TEST_CASE(finite_gradients_pass) {
  Weights w(1);
  const Var loss = w.loss_of([](Var x) { return sqrt(x); });
  const auto before = w.weights.gradient.to_doubles();
  BOOST_TEST(refusal(w, loss).empty());
  BOOST_TEST(w.weights.gradient.to_doubles() == before, boost::test_tools::per_element());
}

// The slope of the square root at 0 is infinite although its value is not.
BOOST_AUTO_TEST_CASE(an_infinite_slope_is_found_where_it_arises) {
  Weights w(-1);
  const Var loss = w.loss_of([](Var x) { return sqrt(x); });
  BOOST_TEST(std::isfinite(loss.item()));
  const std::string message = refusal(w, loss);
  BOOST_TEST(message.starts_with("step 7: the loss is 0"), message);
  BOOST_TEST(has(message, "parameter 'model.weights'"), message);
  BOOST_TEST(has(message, "at the result of: matmul (operation 2 of"), message);
  BOOST_TEST(has(message, "shape [1, 1], inf)"), message);
}

// Nothing on the tape is wrong: the gradient was not finite before, as after an overflow of earlier steps.
BOOST_AUTO_TEST_CASE(a_gradient_that_was_spoilt_before_is_the_parameters_own) {
  Weights w(1);
  const Var loss = w.loss_of([](Var x) { return sqrt(x); });
  w.weights.gradient.fill(std::numeric_limits<double>::quiet_NaN());
  const std::string message = refusal(w, loss);
  BOOST_TEST(has(message, "'model.weights'"), message);
  BOOST_TEST(has(message, "at the result of: "), message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
