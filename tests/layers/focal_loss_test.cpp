#include <recur/framework/check/gradcheck.h>
#include <recur/framework/ops/cross_entropy.h>
#include <recur/layers/focal_loss.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>

namespace {

using namespace recur;

const std::array<std::int32_t, 3> classes = {1, 0, 2};
const std::array<float, 3> weights = {1, 0, 2.5F};

BOOST_AUTO_TEST_SUITE(focal_loss_suite, *boost::unit_test::tolerance(1e-12))

BOOST_AUTO_TEST_CASE(values) {
  Tape tape(DType::float64);
  // Probabilities 1/4, 3/4 and 1/2, 1/2.
  const Var logits = tape.constant({2, 2}, std::vector<double>{0, std::log(3.0), 0, 0});
  const std::array<std::int32_t, 2> targets = {1, 0};
  const double expected = (-std::pow(0.25, 2) * std::log(0.75) - std::pow(0.5, 2) * std::log(0.5)) / 2;
  BOOST_TEST(focal_loss(logits, targets, 2).item() == expected);
}

BOOST_AUTO_TEST_CASE(gamma_of_0_is_the_cross_entropy) {
  Tape tape(DType::float64);
  const Var logits = tape.constant({3, 3}, std::vector<double>{0.1, -2, 1, 0.5, 0.2, -1, 3, 1, -0.4});
  BOOST_TEST(focal_loss(logits, classes, 0, weights).item() ==
             sparse_softmax_cross_entropy(logits, classes, {.weights = weights}).item());
}

BOOST_AUTO_TEST_CASE(gradients) {
  for (const double gamma : {0.0, 0.5, 2.0}) {
    const auto checked = gradcheck(
        [&](Tape&, std::span<const Var> x) { return focal_loss(x[0], classes, gamma, weights); }, {Shape{3, 3}});
    BOOST_TEST(checked.passed, checked.message);
  }
}

BOOST_AUTO_TEST_CASE(refuses) {
  Tape tape;
  const std::array<std::int32_t, 2> few = {0, 1};
  const std::array<std::int32_t, 3> wrong = {0, 1, 3};
  BOOST_CHECK_THROW((void)focal_loss(tape.zeros({3, 3}), few), ShapeError);
  BOOST_CHECK_THROW((void)focal_loss(tape.zeros({3, 3}), wrong), ValueError);
  BOOST_CHECK_THROW((void)focal_loss(tape.zeros({3, 3}), classes, -1), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
