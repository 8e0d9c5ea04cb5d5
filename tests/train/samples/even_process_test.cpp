#include <recur/train/samples/even_process.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace recur;

BOOST_AUTO_TEST_SUITE(even_process)

BOOST_AUTO_TEST_CASE(runs_of_ones_are_even_and_the_entropy_is_the_known_one) {
  Generator generator(1);
  constexpr Index n = 200'000;
  const std::string text = samples::even_process(n, generator);
  BOOST_REQUIRE(text.size() == static_cast<std::size_t>(n));
  Index run = 0;
  double flips = 0;
  for (const char c : text) {
    flips += run % 2 == 0;
    if (c == '1') ++run;
    else {
      BOOST_REQUIRE(c == '0');
      BOOST_REQUIRE(run % 2 == 0);
      run = 0;
    }
  }
  // Two characters in three are drawn; five standard errors.
  BOOST_TEST(std::abs(flips / n * std::numbers::ln2 - samples::even_process_entropy) < 5 * 0.3 / std::sqrt(n));
  BOOST_CHECK_THROW((void)samples::even_process(-1, generator), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
