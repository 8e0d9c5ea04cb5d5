#include <recur/framework/check/gradcheck.h>
#include <recur/framework/tensor/error.h>
#include <recur/layers/losses.h>
#include <recur/layers/masked_losses.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <numbers>

namespace {

using namespace recur;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr std::array quantiles = {0.1, 0.5, 0.9};

struct Case {
  const char* name;
  Index numbers;  // for each target
  std::function<Var(Var, const MaskedTargets&)> loss;
};
const Case cases[] = {
    {"squared", 1, masked_squared_error},
    {"absolute", 1, masked_absolute_error},
    {"huber", 1, [](Var p, const MaskedTargets& t) { return masked_huber(p, t, 0.7); }},
    {"quantile", 3, [](Var p, const MaskedTargets& t) { return quantile_loss(p, t, quantiles); }},
    {"gaussian", 2, gaussian_loss},
    {"student_t", 2, [](Var p, const MaskedTargets& t) { return student_t_loss(p, t, 3); }},
    {"kling_gupta", 1, kling_gupta_loss},
};

Tensor<float> some_targets() { return {{3, 2}, {1.25F, nan, 0.5F, 2, -0.75F, 1.5F}}; }
const std::array<float, 6> weights = {1, 1, 2, 0.5F, 1, 3};

double value(const Case& c, const Tensor<float>& prediction, const Tensor<float>& target) {
  Tape tape(DType::float64);
  return c.loss(tape.constant(prediction), masked_targets(tape, target)).item();
}

BOOST_AUTO_TEST_SUITE(masked_losses)

BOOST_AUTO_TEST_CASE(gradients) {
  const Tensor<float> targets = some_targets();
  for (const Case& c : cases) {
    const auto f = [&](Tape& tape, std::span<const Var> x) {
      return c.loss(x[0], masked_targets(tape, targets, weights));
    };
    const auto checked = gradcheck(f, {Shape{3, 2 * c.numbers}});
    BOOST_TEST(checked.passed, c.name << ": " << checked.message);
  }
}

BOOST_AUTO_TEST_CASE(a_missing_target_has_no_gradient_and_changes_no_other) {
  const Tensor<float> targets = some_targets();
  for (const Case& c : cases) {
    Tensor<float> prediction({3, 2 * c.numbers});
    for (Index i = 0; i < prediction.size(); ++i) prediction.data()[i] = 0.3F * static_cast<float>(i) - 1;
    const double before = value(c, prediction, targets);
    for (Index i = 0; i < c.numbers; ++i) prediction.data()[c.numbers + i] = 1e3F;  // of target 1
    BOOST_TEST(value(c, prediction, targets) == before, c.name);
  }
}

BOOST_AUTO_TEST_CASE(without_missing_targets_they_are_the_usual_losses) {
  Tape tape(DType::float64);
  const Tensor<float> p({4}, {1, 2, 4, -1}), t({4}, {1.5F, 0, 3, 2});
  const Var prediction = tape.constant(p), target = tape.constant(t);
  const MaskedTargets masked = masked_targets(tape, t);
  const auto tolerance = boost::test_tools::tolerance(1e-12);
  BOOST_TEST(masked_squared_error(prediction, masked).item() == mean_squared_error(prediction, target).item(),
             tolerance);
  BOOST_TEST(masked_absolute_error(prediction, masked).item() == mean_absolute_error(prediction, target).item(),
             tolerance);
  BOOST_TEST(masked_huber(prediction, masked, 0.8).item() == huber(prediction, target, 0.8).item(), tolerance);
  const std::array median = {0.5};
  BOOST_TEST(quantile_loss(prediction, masked, median).item() == 0.5 * mean_absolute_error(prediction, target).item(),
             tolerance);
}

BOOST_AUTO_TEST_CASE(densities) {
  const Tensor<float> target({1}, {2}), prediction({1, 2}, {1.5F, 0});
  const double s = std::numbers::ln2 + 1e-3, z = 0.5 / s;  // softplus(0) = ln 2
  const double normal = 0.5 * z * z + std::log(s) + 0.5 * std::log(2 * std::numbers::pi);
  BOOST_TEST(value(cases[4], prediction, target) == normal, boost::test_tools::tolerance(1e-9));
  // Student's density with 3 degrees of freedom: 2 / (π √3 (1 + z²/3)²)
  const double student = -std::log(2 / (std::numbers::pi * std::sqrt(3.0)) / std::pow(1 + z * z / 3, 2) / s);
  BOOST_TEST(value(cases[5], prediction, target) == student, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(kling_gupta) {
  // Twice the target: r is 1, both ratios are 2.
  const Tensor<float> target({4}, {1, 2, 3, 6}), prediction({4}, {2, 4, 6, 12});
  BOOST_TEST(value(cases[6], prediction, target) == std::sqrt(2.0), boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(nothing_known_costs_nothing) {
  const Tensor<float> target({2}, {nan, nan}), prediction({2}, {1, 2});
  for (const Case& c : cases)
    if (c.numbers == 1 && std::string(c.name) != "kling_gupta") BOOST_TEST(value(c, prediction, target) == 0, c.name);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit) {
  Tape tape;
  const MaskedTargets target = masked_targets(tape, Tensor<float>({2, 3}));
  BOOST_CHECK_THROW((void)masked_squared_error(tape.constant(Tensor<float>({2, 4})), target), ShapeError);
  BOOST_CHECK_THROW((void)quantile_loss(tape.constant(Tensor<float>({2, 3})), target, {}), ValueError);
  BOOST_CHECK_THROW((void)masked_targets(tape, Tensor<float>({2}), weights), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
