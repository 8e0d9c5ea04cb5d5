#include <recur/train/samples/digit_strings.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <set>

using namespace recur;

BOOST_AUTO_TEST_SUITE(digit_strings)

BOOST_AUTO_TEST_CASE(strings_are_drawn_by_seed_and_number) {
  const samples::DigitStrings strings({.count = 50, .seed = 3}), others({.count = 50, .seed = 4});
  std::set<float> seen;
  for (Index i = 0; i < strings.size(); ++i) {
    const Example one = strings[i], again = strings[i];
    BOOST_TEST(std::ranges::equal(one.inputs.values(), again.inputs.values()));
    const Index digits = one.targets.size();
    BOOST_TEST((digits >= 3 && digits <= 8));
    BOOST_TEST(one.inputs.shape()[1] == samples::digit_rows);
    // A digit is at least four columns wide, so that there is a step for a blank between any two labels.
    BOOST_TEST(one.inputs.shape()[0] >= 4 * digits);
    for (const float label : one.targets.values()) {
      BOOST_TEST((label >= 1 && label <= 10));
      seen.insert(label);
    }
  }
  BOOST_TEST(seen.size() == 10);
  BOOST_TEST(!std::ranges::equal(strings[0].inputs.values(), others[0].inputs.values()));
  BOOST_CHECK_THROW((void)strings[50], ValueError);
  BOOST_CHECK_THROW(samples::DigitStrings({.least = 4, .most = 3}), ValueError);
}

// An eight has 17 pixels of ink, whatever its shape on the page but for its stretch.
BOOST_AUTO_TEST_CASE(ink_is_that_of_the_font) {
  const samples::DigitStrings strings({.count = 400, .least = 1, .most = 1, .noise = 0});
  double ink = 0, count = 0;
  for (Index i = 0; i < strings.size(); ++i) {
    const Example one = strings[i];
    if (one.targets.data()[0] != 9) continue;
    for (const float x : one.inputs.values()) {
      BOOST_TEST((x >= 0 && x <= 1));
      ink += static_cast<double>(x);
    }
    ++count;
  }
  BOOST_TEST(std::abs(ink / count / 1.1 - 17) < 1.5);  // 1.1: the mean stretch
}

BOOST_AUTO_TEST_SUITE_END()
