#include <recur/train/loop/label_error.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string_view>
#include <vector>

using namespace recur;

namespace {

Index distance(std::string_view a, std::string_view b) {
  const std::vector<std::int32_t> left(a.begin(), a.end()), right(b.begin(), b.end());
  const Index result = edit_distance(left, right);
  BOOST_TEST(result == edit_distance(right, left));
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(label_error)

BOOST_AUTO_TEST_CASE(distances) {
  BOOST_TEST(distance("", "") == 0);
  BOOST_TEST(distance("abc", "") == 3);
  BOOST_TEST(distance("abc", "abc") == 0);
  BOOST_TEST(distance("kitten", "sitting") == 3);
  BOOST_TEST(distance("saturday", "sunday") == 3);
  BOOST_TEST(distance("ab", "ba") == 2);
}

BOOST_AUTO_TEST_CASE(the_rate_is_of_all_labels_together) {
  LabelError error;
  BOOST_TEST(std::isnan(error.result()));
  const std::vector<std::int32_t> a = {1, 2, 3}, b = {1, 2}, none;
  error.update(b, a);     // one missing of three
  error.update(a, b);     // one too many of two
  error.update(none, a);  // three missing of three
  BOOST_TEST(error.result() == 5.0 / 8);
  error.reset();
  error.update(a, a);
  BOOST_TEST(error.result() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
