#include <recur/framework/tensor/error.h>
#include <recur/train/samples/gestures.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(gestures)

BOOST_AUTO_TEST_CASE(each_subject_makes_each_gesture) {
  Generator generator(1), again(1);
  const auto recordings = samples::gestures({.subjects = 3, .repetitions = 5}, generator);
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const auto& one : recordings) {
    ++counts[{one.subject, one.gesture}];
    BOOST_TEST(one.samples.size() >= 60U);
    BOOST_TEST(one.samples.size() <= 120U);
    double z = 0;
    for (const auto& sample : one.samples) z += sample[2] / static_cast<double>(one.samples.size());
    BOOST_TEST(z > 0.3);  // gravity
    BOOST_TEST(z < 1.7);
  }
  BOOST_TEST(counts.size() == 12U);
  for (const auto& [key, count] : counts) BOOST_TEST(count == 5);
  const std::string csv = samples::gestures_csv(recordings);
  BOOST_TEST(csv == samples::gestures_csv(samples::gestures({.subjects = 3, .repetitions = 5}, again)));
  BOOST_TEST(csv.starts_with("recording,subject,gesture,t,x,y,z\n1,s1,circle,0,"));
  BOOST_CHECK_THROW((void)samples::gestures({.subjects = 0}, generator), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
