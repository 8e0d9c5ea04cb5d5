#include <recur/train/samples/number_words.h>

#include <boost/test/unit_test.hpp>

#include <set>

using namespace recur;

BOOST_AUTO_TEST_SUITE(number_words)

BOOST_AUTO_TEST_CASE(numbers_read_as_one_says_them) {
  const std::pair<Index, const char*> expected[] = {
      {0, "zero"},
      {13, "thirteen"},
      {40, "forty"},
      {99, "ninety-nine"},
      {100, "one hundred"},
      {512, "five hundred and twelve"},
      {1000, "one thousand"},
      {7005, "seven thousand and five"},
      {40'213, "forty thousand two hundred and thirteen"},
      {999'999, "nine hundred and ninety-nine thousand nine hundred and ninety-nine"}};
  for (const auto& [number, words] : expected) BOOST_TEST(samples::number_words(number) == words);
  BOOST_CHECK_THROW((void)samples::number_words(-1), ValueError);
  BOOST_CHECK_THROW((void)samples::number_words(1'000'000), ValueError);
}

BOOST_AUTO_TEST_CASE(no_two_numbers_are_said_alike) {
  std::set<std::string> words;
  for (Index n = 0; n < 20'000; ++n) words.insert(samples::number_words(37 * n));
  BOOST_TEST(words.size() == 20'000U);
}

BOOST_AUTO_TEST_SUITE_END()
