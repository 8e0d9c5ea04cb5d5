#include <recur/framework/tensor/error.h>
#include <recur/train/samples/overdrive.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(overdrive)

BOOST_AUTO_TEST_CASE(plays_and_drives) {
  Generator generator(1), again(1);
  const samples::OverdriveOptions options{.seconds = 2};
  const samples::Recording recording = samples::overdrive(options, generator);
  BOOST_TEST(recording.input.size() == 88200U);
  BOOST_TEST(recording.target == samples::drive(recording.input, options), boost::test_tools::per_element());
  BOOST_TEST(recording.input == samples::overdrive(options, again).input, boost::test_tools::per_element());
  for (const auto* signal : {&recording.input, &recording.target}) {
    const auto [low, high] = std::ranges::minmax(*signal);
    BOOST_TEST(low > -1);
    BOOST_TEST(high < 1);
    BOOST_TEST(high > 0.1F);
  }
}

// A step comes out of the high-pass as 1, decays to 0, and is bent before the low-pass, which passes what is constant.
BOOST_AUTO_TEST_CASE(pedal_is_filters_around_a_tanh) {
  const samples::OverdriveOptions options{.drive = 2, .bias = 0.3, .low_cut = 1e-4, .high_cut = 2000};
  const auto output = samples::drive(std::vector<float>(3000, 0.5F), options);
  BOOST_TEST(output.back() == 0.5 * (std::tanh(1.3) - std::tanh(0.3)), boost::test_tools::tolerance(1e-3));
  const samples::OverdriveOptions low{.low_cut = 2000};
  BOOST_CHECK(std::abs(samples::drive(std::vector<float>(3000, 0.5F), low).back()) < 1e-6F);
  BOOST_CHECK_THROW((void)samples::drive({}, {.high_cut = 30000}), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
