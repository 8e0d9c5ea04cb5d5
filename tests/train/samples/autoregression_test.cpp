#include <recur/train/samples/autoregression.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>

using namespace recur;

BOOST_AUTO_TEST_SUITE(autoregression)

// The best forecast leaves exactly the noise; of 100,000 squared normal numbers the mean is known to 0.45 %.
BOOST_AUTO_TEST_CASE(the_best_forecast_leaves_the_noise) {
  const samples::AutoregressionOptions options{.radius = 0.9, .period = 8, .noise = 0.5};
  Generator generator(1);
  const std::vector<double> x = samples::autoregression(100'000, options, generator);
  const double a = 2 * 0.9 * std::cos(std::numbers::pi / 4);
  const double b = -0.9 * 0.9;
  double error = 0;
  double variance = 0;
  const auto n = static_cast<double>(x.size() - 2);
  for (std::size_t t = 2; t < x.size(); ++t) {
    error += std::pow(x[t] - a * x[t - 1] - b * x[t - 2], 2) / n;
    variance += x[t] * x[t] / n;
  }
  BOOST_TEST(error == options.floor(), boost::test_tools::tolerance(0.0225));
  // Yule-Walker: variance = noise² (1 - b) / ((1 + b) ((1 - b)² - a²)).
  const double expected = options.floor() * (1 - b) / ((1 + b) * ((1 - b) * (1 - b) - a * a));
  BOOST_TEST(variance == expected, boost::test_tools::tolerance(0.05));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused) {
  Generator generator(1);
  BOOST_CHECK_THROW((void)samples::autoregression(-1, {}, generator), ValueError);
  BOOST_CHECK_THROW((void)samples::autoregression(1, {.radius = 1}, generator), ValueError);
  BOOST_CHECK_THROW((void)samples::autoregression(1, {.period = 0}, generator), ValueError);
  BOOST_CHECK_THROW((void)samples::autoregression(1, {.noise = 0}, generator), ValueError);
  BOOST_TEST(samples::autoregression(3, {.radius = 0}, generator).size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
