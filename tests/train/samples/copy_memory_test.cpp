#include <recur/train/samples/copy_memory.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

using namespace recur;

BOOST_AUTO_TEST_SUITE(copy_memory)

BOOST_AUTO_TEST_CASE(the_first_ten_symbols_are_wanted_at_the_end) {
  Generator generator(1);
  constexpr Index gap = 5;
  constexpr std::size_t time = gap + 20;
  const samples::IdSequences data = samples::copy_memory(100, gap, generator);
  BOOST_TEST((data.batch == 100 && data.time == static_cast<Index>(time) && data.weights.empty()));
  std::vector<Index> counts(samples::copy_symbols, 0);
  for (std::size_t b = 0; b < 100; ++b) {
    const auto input = std::span(data.inputs).subspan(b * time, time);
    const auto target = std::span(data.targets).subspan(b * time, time);
    for (std::size_t t = 0; t < time; ++t) {
      if (t < 10) ++counts[static_cast<std::size_t>(input[t])];
      else BOOST_TEST(input[t] == (t < time - 11 ? 0 : 9));
      BOOST_TEST(target[t] == (t < time - 10 ? 0 : input[t - (time - 10)]));
    }
  }
  BOOST_TEST((counts.front() == 0 && counts.back() == 0));
  // Each of eight 125 times, give or take five standard deviations.
  for (std::size_t s = 1; s <= 8; ++s)
    BOOST_TEST(std::abs(static_cast<double>(counts[s]) - 125) < 5 * std::sqrt(110.0));
}

BOOST_AUTO_TEST_CASE(baselines_are_the_published_ones) {
  BOOST_TEST(std::abs(samples::copy_memory_baseline(50) - 0.2971) < 0.00005);
  BOOST_TEST(std::abs(samples::copy_memory_baseline(1000) - 0.0204) < 0.00005);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused) {
  Generator generator(1);
  BOOST_CHECK_THROW((void)samples::copy_memory(0, 1, generator), ValueError);
  BOOST_CHECK_THROW((void)samples::copy_memory(1, 0, generator), ValueError);
  BOOST_CHECK_THROW((void)samples::copy_memory_baseline(0), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
