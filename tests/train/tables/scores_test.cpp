#include <recur/framework/tensor/error.h>
#include <recur/train/tables/scores.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace recur;
using Values = std::vector<double>;

const double nan = std::numeric_limits<double>::quiet_NaN();

BOOST_AUTO_TEST_SUITE(scores, *boost::unit_test::tolerance(1e-12))

BOOST_AUTO_TEST_CASE(efficiencies) {
  const Values target = {1, 2, 3, 6};
  BOOST_TEST(nash_sutcliffe(target, target) == 1);
  BOOST_TEST(nash_sutcliffe(Values{3, 3, 3, 3}, target) == 0);
  BOOST_TEST(nash_sutcliffe(Values{2, 2, 3, 6}, target) == 1 - 1.0 / 14);
  BOOST_TEST(kling_gupta(target, target) == 1);
  BOOST_TEST(kling_gupta(Values{2, 4, 6, 12}, target) == 1 - std::sqrt(2.0));  // r = 1, both ratios 2
  BOOST_TEST(std::isnan(nash_sutcliffe(Values{1, 2}, Values{5, 5})));
}

BOOST_AUTO_TEST_CASE(what_is_missing_does_not_count) {
  BOOST_TEST(root_mean_square(Values{1, nan, 5}, Values{2, 3, nan}) == 1);
  BOOST_TEST(mean_absolute(Values{1, 5}, Values{-1, nan}) == 2);
  BOOST_TEST(mean_bias(Values{1, 5}, Values{2, 2}) == 1);
  BOOST_TEST(std::isnan(mean_absolute(Values{nan}, Values{1})));
}

BOOST_AUTO_TEST_CASE(trades) {
  BOOST_TEST(symmetric_percentage(Values{1, 0}, Values{3, 0}) == 50);
  BOOST_TEST(remaining_life_score(Values{90, 120}, Values{103, 110}) == std::expm1(1.0) * 2);
  BOOST_TEST(pinball(Values{1, 1}, Values{3, 0}, 0.9) == (0.9 * 2 + 0.1) / 2);
  BOOST_TEST(coverage(Values{1, 1, 1, 1}, Values{0, 1, 2, nan}) == 2.0 / 3);
  BOOST_TEST(seasonal_difference(Values{1, 2, 4, 8}, 2) == 4.5);
  BOOST_TEST(std::isnan(seasonal_difference(Values{1, 2}, 2)));
}

BOOST_AUTO_TEST_CASE(over_series) {
  std::vector<Forecast> forecasts;
  for (const double error : {0.0, 1.0, 5.0})
    for (int row = 0; row < 2; ++row)
      forecasts.push_back({static_cast<Index>(error), row, {row + error}, {static_cast<double>(row)}, {}, 2});
  BOOST_TEST(score("nse", forecasts) == 1 - 1 / 0.25);  // the median of three series
  BOOST_TEST(score("mae", forecasts) == 2);
  BOOST_TEST(score("mae", forecasts, {.over = ScoreOver::series_median}) == 1);
  // Together: errors 0, 0, 1, 1, 5, 5 of targets 0, 1, 0, 1, 0, 1.
  BOOST_TEST(score("nse", forecasts, {.over = ScoreOver::all}) == 1 - (52.0 / 6) / 0.25);
  BOOST_TEST(score_is_median("nse"));
  BOOST_TEST(!score_is_median("mae"));
  BOOST_TEST(score("mase", forecasts) == 1);
  const auto each = score_by_series("rmse", forecasts);
  BOOST_REQUIRE(each.size() == 3U);
  BOOST_TEST(each[2].first == 5);
  BOOST_TEST(each[2].second == 5);
  BOOST_TEST(score("rmse_capped", forecasts, {.cap = 0}) != score("rmse", forecasts));
  BOOST_CHECK_THROW((void)score("nes", forecasts), ValueError);
  BOOST_TEST(larger_score_is_better("kge"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
