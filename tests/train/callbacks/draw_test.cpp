#include <recur/framework/tensor/error.h>
#include <recur/train/callbacks/draw.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

using namespace recur;

BOOST_AUTO_TEST_SUITE(drawing)

// How often each of three classes with probabilities 0.2, 0.3, 0.5 is drawn.
std::array<double, 3> frequencies(double temperature) {
  const std::vector<double> logits = {std::log(0.2) + 7, std::log(0.3) + 7, std::log(0.5) + 7};
  Generator generator(3);
  std::array<double, 3> counts{};
  constexpr int draws = 20'000;
  for (int i = 0; i < draws; ++i)
    counts[static_cast<std::size_t>(draw_class(logits, temperature, generator))] += 1.0 / draws;
  return counts;
}

BOOST_AUTO_TEST_CASE(draws_as_the_probabilities_say) {
  const auto drawn = frequencies(1);
  // Four standard deviations of a frequency: 4 sqrt(0.25 / 20000).
  BOOST_TEST(std::abs(drawn[0] - 0.2) < 0.0142);
  BOOST_TEST(std::abs(drawn[1] - 0.3) < 0.0142);
  BOOST_TEST(std::abs(drawn[2] - 0.5) < 0.0142);
}

BOOST_AUTO_TEST_CASE(temperature_sharpens_and_flattens) {
  // At 1/2 probabilities are squared: 4, 9, 25 of 38.
  BOOST_TEST(std::abs(frequencies(0.5)[2] - 25.0 / 38) < 0.0142);
  BOOST_TEST(std::abs(frequencies(1e6)[0] - 1.0 / 3) < 0.0142);
  BOOST_TEST(frequencies(1e-3)[2] == 1, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(refuses) {
  Generator generator(1);
  BOOST_CHECK_THROW((void)draw_class({}, 1, generator), ValueError);
  const std::vector<double> fine = {0, 1};
  BOOST_CHECK_THROW((void)draw_class(fine, 0, generator), ValueError);
  BOOST_CHECK_THROW((void)draw_class(fine, std::nan(""), generator), ValueError);
  const std::vector<double> bad = {0, std::numeric_limits<double>::infinity()};
  BOOST_CHECK_THROW((void)draw_class(bad, 1, generator), ValueError);
}

BOOST_AUTO_TEST_CASE(a_forbidden_class_is_never_drawn) {
  const double never = -std::numeric_limits<double>::infinity();
  const std::vector<double> logits = {never, 0, 1, never};
  Generator generator(4);
  for (int i = 0; i < 1000; ++i) {
    const std::int32_t drawn = draw_class(logits, 1, generator);
    BOOST_TEST((drawn == 1 || drawn == 2));
  }
  const std::vector<double> none(3, never);
  BOOST_CHECK_THROW((void)draw_class(none, 1, generator), ValueError);
  const std::vector<double> nan = {0, std::nan("")};
  BOOST_CHECK_THROW((void)draw_class(nan, 1, generator), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
