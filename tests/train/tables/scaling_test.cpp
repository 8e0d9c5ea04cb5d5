#include <recur/framework/tensor/error.h>
#include <recur/train/tables/scaling.h>
#include <recur/train/tables/split_table.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace recur;

/// Two series of one input and one target; the last two rows of each are not for training.
SeriesTable small_table() {
  SeriesTable table;
  table.inputs = {"x"};
  table.targets = {{"y", "", -1, 100}};
  for (const float base : {0.0F, 10.0F}) {
    Series& one = table.series.emplace_back();
    one.id = base > 0 ? "big" : "small";
    for (int r = 0; r < 6; ++r) {
      one.times.push_back(r);
      one.inputs.push_back(base + (r % 2 == 0 ? 1.0F : 3.0F));
      one.targets.push_back(r < 4 ? 50 + static_cast<float>(r) + base : 1e6F);
    }
    one.parts.assign(6, Part::none);
  }
  split_by_rows(table, 1, 1);
  return table;
}

BOOST_AUTO_TEST_SUITE(scaling)

BOOST_AUTO_TEST_CASE(learned_from_training_rows_only) {
  const SeriesTable table = small_table();
  const Scaling scaling = Scaling::fit(table);
  BOOST_TEST(scaling.inputs()[0].all.offset == 7);  // of 1, 3, 1, 3, 11, 13, 11, 13
  BOOST_TEST(scaling.inputs()[0].all.factor == std::sqrt(26.0), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(scaling.targets()[0].all.offset == 56.5);
}

BOOST_AUTO_TEST_CASE(each_series_by_its_own_numbers) {
  SeriesTable table = small_table();
  Scaling scaling = Scaling::fit(table, {.inputs = ScaleKind::series});
  table.series[1].id = "new";
  BOOST_TEST(scaling.adopt(table) == std::vector<std::string>{"new"}, boost::test_tools::per_element());
  scaling.apply(table);
  for (const Series& one : table.series) {
    BOOST_TEST(one.inputs[0] == -1);
    BOOST_TEST(one.inputs[1] == 1);
  }
}

BOOST_AUTO_TEST_CASE(kinds_of_scales) {
  SeriesTable table = small_table();
  BOOST_TEST(Scaling::fit(table, {.inputs = ScaleKind::minmax}).inputs()[0].all.factor == 12);
  BOOST_TEST(Scaling::fit(table, {.inputs = ScaleKind::robust}).inputs()[0].all.offset == 3);
  const Scaling logs = Scaling::fit(table, {.columns = {{"x", ScaleKind::log}}});
  const ColumnScale& column = logs.inputs()[0];
  BOOST_TEST(column.undo(column.apply(5, column.all), column.all) == 5, boost::test_tools::tolerance(1e-12));
  table.series[0].inputs[0] = -2;
  BOOST_CHECK_THROW((void)Scaling::fit(table, {.inputs = ScaleKind::log}), ValueError);
}

BOOST_AUTO_TEST_CASE(a_scale_for_a_column_that_is_not_there_is_refused) {
  const SeriesTable table = small_table();
  const auto says = [](const Error& error) {
    return std::string(error.what()).find("there is no column 'z' to scale by 'log'") != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION((void)Scaling::fit(table, {.columns = {{"z", ScaleKind::log}}}), ValueError, says);
  BOOST_CHECK_NO_THROW((void)Scaling::fit(table, {.columns = {{"y", ScaleKind::log}}}));
}

BOOST_AUTO_TEST_CASE(missing_numbers_become_the_mean) {
  SeriesTable table = small_table();
  table.series[0].inputs[1] = std::numeric_limits<float>::quiet_NaN();
  const Scaling scaling = Scaling::fit(table);
  scaling.apply(table);
  BOOST_TEST(table.series[0].inputs[1] == 0);
}

BOOST_AUTO_TEST_CASE(a_constant_column_is_refused) {
  SeriesTable table = small_table();
  for (Series& one : table.series) std::ranges::fill(one.inputs, 518.67F);
  const auto says = [](const Error& error) {
    return std::string(error.what()).find("the input 'x' is always 518.67") != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION((void)Scaling::fit(table), ValueError, says);
}

BOOST_AUTO_TEST_CASE(caps_hold_for_what_is_learned) {
  SeriesTable table = small_table();
  table.targets[0].cap = 55;
  BOOST_TEST(Scaling::fit(table, {.targets = ScaleKind::minmax}).targets()[0].all.factor == 5);  // 50 to 55
}

BOOST_AUTO_TEST_CASE(comes_back_from_text_with_all_bits) {
  const SeriesTable table = small_table();
  const Scaling scaling = Scaling::fit(table, {.inputs = ScaleKind::series, .targets = ScaleKind::robust});
  const Scaling again = Scaling::from_json(scaling.to_json());
  BOOST_TEST(again.to_json() == scaling.to_json());
  BOOST_TEST(again.inputs()[0].of("big").offset == scaling.inputs()[0].of("big").offset);
  BOOST_CHECK_THROW((void)Scaling::from_json("{}"), FormatError);
  BOOST_CHECK_THROW((void)scale_kind("standart"), ValueError);
}

BOOST_AUTO_TEST_CASE(windows_by_their_own_numbers) {
  const Affine scale = window_scale(ScaleKind::window, std::vector<float>{2, 4, NAN, 6});
  BOOST_TEST(scale.offset == 4);
  BOOST_TEST(scale.factor == 4);
  BOOST_TEST(window_scale(ScaleKind::window_deviation, std::vector<float>{1, 3}).factor == 1);
  BOOST_TEST(window_scale(ScaleKind::window, std::vector<float>{0, 0}).factor == 1);
}

BOOST_AUTO_TEST_CASE(windows_by_their_logarithms) {
  const auto x = static_cast<float>(std::exp(2) - 1);
  const Affine scale = window_scale(ScaleKind::window_log, std::vector<float>{0, x, NAN, -3});  // ln(1 + x): 0 and 2
  BOOST_TEST(scale.offset == 1, boost::test_tools::tolerance(1e-6));                            // x is rounded to float
  BOOST_TEST(scale.factor == 1, boost::test_tools::tolerance(1e-6));
  SeriesTable table = small_table();
  const Scaling scaling = Scaling::fit(table, {.inputs = ScaleKind::window_log});
  const ColumnScale& column = scaling.inputs()[0];
  BOOST_TEST(column.of_windows());
  BOOST_TEST(column.apply(std::exp(3) - 1, {1, 2}) == 1, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(column.undo(1, {1, 2}) == std::exp(3) - 1, boost::test_tools::tolerance(1e-12));
  table.series[0].inputs[0] = -1;
  BOOST_CHECK_THROW((void)Scaling::fit(table, {.inputs = ScaleKind::window_log}), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
