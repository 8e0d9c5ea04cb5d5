#include <recur/framework/tensor/error.h>
#include <recur/optim/schedules.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>
#include <vector>

using namespace recur;
using namespace recur::optim;

namespace {

/// Both sides are a few double operations: 1e-12 is thousands of roundings.
void check(const Schedule& schedule, const std::vector<std::pair<Index, double>>& expected) {
  for (const auto& [step, value] : expected)
    BOOST_TEST(std::abs(schedule(step) - value) <= 1e-12 * std::max(1.0, std::abs(value)),
               "step " << step << ": " << schedule(step) << ", expected " << value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedules)

BOOST_AUTO_TEST_CASE(a_number_or_a_function) {
  check(0.5, {{0, 0.5}, {1000, 0.5}});
  BOOST_TEST(Schedule(0.5).constant().value() == 0.5);
  const Schedule halves([](Index step) { return 1.0 / static_cast<double>(step + 1); });
  check(halves, {{0, 1}, {3, 0.25}});
  BOOST_TEST(!halves.constant().has_value());
}

BOOST_AUTO_TEST_CASE(piecewise) {
  check(piecewise_constant({10, 20}, {1, 0.5, 0.1}), {{0, 1}, {10, 1}, {11, 0.5}, {20, 0.5}, {21, 0.1}, {999, 0.1}});
  BOOST_CHECK_THROW((void)piecewise_constant({10}, {1}), ValueError);
  BOOST_CHECK_THROW((void)piecewise_constant({10, 10}, {1, 2, 3}), ValueError);
}

BOOST_AUTO_TEST_CASE(decays) {
  check(step_decay({.initial = 1, .every = 10, .factor = 0.5}), {{0, 1}, {9, 1}, {10, 0.5}, {29, 0.25}});
  check(exponential_decay({.initial = 2, .decay_steps = 10, .decay_rate = 0.25}), {{0, 2}, {5, 1}, {10, 0.5}});
  check(exponential_decay({.initial = 2, .decay_steps = 10, .decay_rate = 0.25, .staircase = true}),
        {{9, 2}, {10, 0.5}, {25, 0.125}});
  check(inverse_time_decay({.initial = 1, .decay_steps = 10, .decay_rate = 2}), {{0, 1}, {5, 0.5}, {10, 1.0 / 3}});
  check(inverse_time_decay({.initial = 1, .decay_steps = 10, .decay_rate = 2, .staircase = true}),
        {{9, 1}, {19, 1.0 / 3}});
  BOOST_CHECK_THROW((void)exponential_decay({.initial = 1, .decay_steps = 0, .decay_rate = 1}), ValueError);
}

BOOST_AUTO_TEST_CASE(polynomial) {
  check(polynomial_decay({.initial = 1, .decay_steps = 10, .end = 0.2}), {{0, 1}, {5, 0.6}, {10, 0.2}, {50, 0.2}});
  check(polynomial_decay({.initial = 1, .decay_steps = 10, .end = 0, .power = 2}), {{5, 0.25}});
  // In the second cycle the line ends at step 20.
  check(polynomial_decay({.initial = 1, .decay_steps = 10, .end = 0, .cycle = true}), {{0, 1}, {10, 0}, {15, 0.25}});
}

BOOST_AUTO_TEST_CASE(cosines) {
  check(cosine_decay({.initial = 2, .decay_steps = 100}), {{0, 2}, {50, 1}, {100, 0}, {500, 0}});
  check(cosine_decay({.initial = 2, .decay_steps = 100, .alpha = 0.1}), {{0, 2}, {50, 1.1}, {100, 0.2}});
  // Periods 0-9, 10-29, 30-69, each half as high as the one before.
  check(cosine_restarts({.initial = 1, .first_decay_steps = 10, .t_mul = 2, .m_mul = 0.5}),
        {{0, 1}, {5, 0.5}, {10, 0.5}, {20, 0.25}, {30, 0.25}, {50, 0.125}, {70, 0.125}});
  check(cosine_restarts({.initial = 1, .first_decay_steps = 10, .t_mul = 1, .alpha = 0.5}),
        {{0, 1}, {5, 0.75}, {10, 1}, {25, 0.75}});
  // All periods end at alpha, whatever m_mul is.
  check(cosine_restarts({.initial = 1, .first_decay_steps = 10, .t_mul = 1, .m_mul = 0.5, .alpha = 0.5}),
        {{10, 0.75}, {15, 0.625}});
}

// Without variance it is linear cosine decay; with it the differences, divided by what they are multiplied with, are
// normal.
BOOST_AUTO_TEST_CASE(noisy_linear_cosine) {
  constexpr Index steps = 4000;
  const Schedule plain = linear_cosine_decay({.initial = 2, .decay_steps = steps, .alpha = 0.1});
  const Schedule still =
      noisy_linear_cosine_decay({.initial = 2, .decay_steps = steps, .initial_variance = 0, .alpha = 0.1});
  const Schedule noisy =
      noisy_linear_cosine_decay({.initial = 2, .decay_steps = steps, .initial_variance = 3, .alpha = 0.1});
  double mean = 0;
  double square = 0;
  for (Index step = 0; step < steps / 2; ++step) {
    BOOST_TEST(still(step) == plain(step));
    BOOST_TEST(noisy(step) == noisy(step));
    const double x = static_cast<double>(step) / steps;
    const double deviation = std::sqrt(3 / std::pow(1.0 + static_cast<double>(step), 0.55));
    const double n = (noisy(step) - plain(step)) / (2 * (1 + std::cos(std::numbers::pi * x)) / 2) / deviation;
    mean += n / (steps / 2);
    square += n * n / (steps / 2);
  }
  // Four standard deviations of either mean.
  BOOST_TEST(std::abs(mean) < 4 / std::sqrt(steps / 2));
  BOOST_TEST(std::abs(square - 1) < 4 * std::sqrt(2.0 / (steps / 2)));
  const Schedule other =
      noisy_linear_cosine_decay({.initial = 2, .decay_steps = steps, .initial_variance = 3, .alpha = 0.1, .seed = 1});
  BOOST_TEST(other(5) != noisy(5));
  BOOST_TEST(std::abs(noisy(steps + 5) - 0.002) < 1e-15);  // the cosine has come down to 0
  BOOST_CHECK_THROW((void)noisy_linear_cosine_decay({.initial = 1, .decay_steps = 0}), ValueError);
}

BOOST_AUTO_TEST_CASE(linear_cosine) {
  check(linear_cosine_decay({.initial = 2, .decay_steps = 10}), {{0, 2.002}, {5, 0.502}, {10, 0.002}, {99, 0.002}});
  check(linear_cosine_decay({.initial = 1, .decay_steps = 10, .periods = 1, .alpha = 0.5, .beta = 0}),
        {{0, 1.5}, {5, 0}, {10, 0.5}});
}

BOOST_AUTO_TEST_CASE(warm_up_then_another) {
  const Schedule decay = exponential_decay({.initial = 1, .decay_steps = 10, .decay_rate = 0.25});
  check(warm_up({.steps = 4}, decay), {{0, 0}, {1, 0.25}, {3, 0.75}, {4, 1}, {9, 0.5}});
  check(warm_up({.steps = 2, .start = 0.5}, 1.0), {{0, 0.5}, {1, 0.75}, {2, 1}, {100, 1}});
}

BOOST_AUTO_TEST_CASE(one_cycle_of_torch) {
  const Schedule cycle = one_cycle({.maximum = 1, .total_steps = 101, .rising = 51.0 / 101});
  BOOST_TEST(std::isfinite(one_cycle({.maximum = 1, .total_steps = 10, .rising = 0.1})(0)));  // no step to rise in
  check(cycle, {{0, 0.04}, {25, 0.52}, {50, 1}, {75, (1 + 4e-6) / 2}, {100, 4e-6}, {1000, 4e-6}});
}

BOOST_AUTO_TEST_CASE(inverse_square_root_of_transformers) {
  check(inverse_square_root({.peak = 2, .warm_up_steps = 10}), {{0, 0.2}, {4, 1}, {9, 2}, {39, 1}, {249, 0.4}});
}

BOOST_AUTO_TEST_CASE(reduces_when_the_loss_stays) {
  ReduceOnPlateau plateau({.factor = 0.5, .patience = 2, .min_delta = 0.1, .minimum = 0.2});
  std::vector<double> rates;
  double rate = 1;
  for (const double loss : {5.0, 4.0, 3.95, 4.5, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0}) {
    rate = plateau.observe(loss, rate);
    rates.push_back(rate);
  }
  const std::vector<double> expected{1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2};
  BOOST_TEST(rates == expected, boost::test_tools::per_element());
}

// NaN is never the best value, so what comes after it is compared with the numbers before.
BOOST_AUTO_TEST_CASE(a_plateau_begins_and_goes_on_after_nan) {
  const double nan = std::nan("");
  ReduceOnPlateau falling({.factor = 0.1, .patience = 2});
  double rate = 1;
  for (const double loss : {nan, 1.0, 0.9, nan, 0.8, 0.7, 0.6, 0.5}) {
    rate = falling.observe(loss, rate);
    BOOST_TEST(rate == 1.0);
  }
  ReduceOnPlateau stuck({.factor = 0.1, .patience = 2});
  rate = 1;
  for (const double loss : {1.0, nan, nan}) rate = stuck.observe(loss, rate);
  BOOST_TEST(rate == 0.1);
}

BOOST_AUTO_TEST_CASE(cools_down_after_a_reduction) {
  ReduceOnPlateau plateau({.factor = 0.5, .patience = 1, .cooldown = 2, .maximize = true});
  std::vector<double> rates;
  double rate = 1;
  for (const double accuracy : {0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.7}) {
    rate = plateau.observe(accuracy, rate);
    rates.push_back(rate);
  }
  const std::vector<double> expected{1, 1, 0.5, 0.5, 0.25, 0.25, 0.25};
  BOOST_TEST(rates == expected, boost::test_tools::per_element());
  BOOST_CHECK_THROW(ReduceOnPlateau({.factor = 1}), ValueError);

  ReduceOnPlateau first({.patience = 2}), second({.patience = 2});
  for (const double loss : {1.0, 2.0}) (void)first.observe(loss, 1);
  second.set_state(first.state());
  BOOST_TEST(second.observe(2, 1) == 0.1, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(first.observe(2, 1) == 0.1, boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_SUITE_END()
