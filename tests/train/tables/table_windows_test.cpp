#include <recur/framework/tensor/error.h>
#include <recur/train/tables/split_table.h>
#include <recur/train/tables/table_windows.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace recur;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Series of 8 and 3 rows. The input of row r of series s is 100·s + r, the target ten times that, a static number is
/// s.
SeriesTable two_series(Index input = -1) {
  SeriesTable table;
  table.inputs = {"x"};
  table.statics = {"s"};
  table.targets = {{"y", "", input}};
  for (int s = 0; s < 2; ++s) {
    Series& one = table.series.emplace_back();
    one.id = std::to_string(s);
    for (int r = 0; r < (s == 0 ? 8 : 3); ++r) {
      one.times.push_back(r);
      one.inputs.push_back(static_cast<float>(100 * s + r));
      one.targets.push_back((input < 0 ? 10 : 1) * (100 * s + r));
    }
    one.statics = {static_cast<float>(s)};
    one.parts.assign(one.times.size(), Part::training);
  }
  return table;
}

Scaling no_scaling(const SeriesTable& table) {
  return Scaling::fit(table, {ScaleKind::none, ScaleKind::none, ScaleKind::none});
}

std::vector<Index> rows(const std::vector<WindowEnd>& ends) {
  std::vector<Index> list;
  for (const WindowEnd& end : ends) list.push_back(10 * end.series + end.row);
  return list;
}

BOOST_AUTO_TEST_SUITE(table_windows)

BOOST_AUTO_TEST_CASE(windows_stay_within_their_series) {
  const SeriesTable table = two_series();
  const Scaling scaling = no_scaling(table);
  const TableWindows windows(table, scaling, {.length = 3});
  const auto ends = windows.ends(Part::training);
  BOOST_TEST(rows(ends) == (std::vector<Index>{2, 3, 4, 5, 6, 7, 12}), boost::test_tools::per_element());
  const WindowBatch batch = windows.gather(std::span(ends).last(2));
  BOOST_TEST((batch.inputs.shape() == Shape{2, 3, 2}));
  const std::vector<float> inputs = {5, 0, 6, 0, 7, 0, 100, 1, 101, 1, 102, 1};
  BOOST_TEST(std::vector<float>(batch.inputs.values().begin(), batch.inputs.values().end()) == inputs,
             boost::test_tools::per_element());
  BOOST_TEST(batch.targets.data()[0] == 70);
  BOOST_TEST(batch.targets.data()[1] == 1020);
}

BOOST_AUTO_TEST_CASE(a_window_belongs_where_all_its_targets_are) {
  SeriesTable table = two_series();
  split_by_rows(table, 2, 2);
  const Scaling scaling = no_scaling(table);
  const TableWindows windows(table, scaling, {.length = 2, .horizon = 2});
  BOOST_TEST(rows(windows.ends(Part::training)) == (std::vector<Index>{1}), boost::test_tools::per_element());
  BOOST_TEST(rows(windows.ends(Part::validation)) == (std::vector<Index>{3}), boost::test_tools::per_element());
  BOOST_TEST(rows(windows.ends(Part::test)) == (std::vector<Index>{5}), boost::test_tools::per_element());
  const WindowEnd last = windows.ends(Part::test)[0];
  BOOST_TEST(windows.target(last, 1) == 70);
  BOOST_TEST(windows.target_row(last, 1) == 7);
}

BOOST_AUTO_TEST_CASE(strides_count_from_the_last_window) {
  const SeriesTable table = two_series();
  const Scaling scaling = no_scaling(table);
  const TableWindows windows(table, scaling, {.length = 2, .horizon = 1});
  BOOST_TEST(rows(windows.ends(Part::training, 2)) == (std::vector<Index>{2, 4, 6, 11}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(missing_targets_and_gaps) {
  SeriesTable table = two_series();
  table.series[0].targets[4] = nan;
  table.series[0].breaks = {0, 0, 0, 0, 0, 0, 1, 0};
  const Scaling scaling = no_scaling(table);
  const TableWindows one(table, scaling, {.length = 2});
  BOOST_TEST(rows(one.ends(Part::training)) == (std::vector<Index>{1, 2, 3, 5, 7, 11, 12}),
             boost::test_tools::per_element());
  const TableWindows two(table, scaling, {.length = 2, .horizon = 2});
  BOOST_TEST(rows(two.ends(Part::training)) == (std::vector<Index>{1, 2, 3}), boost::test_tools::per_element());
  const WindowBatch batch = two.gather(std::array{WindowEnd{0, 3}});
  BOOST_TEST(std::isnan(batch.targets.data()[0]));
  BOOST_TEST(batch.targets.data()[1] == 50);
}

BOOST_AUTO_TEST_CASE(the_last_rows_repeat_the_first_row_of_short_series) {
  const SeriesTable table = two_series();
  const Scaling scaling = no_scaling(table);
  const TableWindows windows(table, scaling, {.length = 4, .horizon = 1});
  const auto ends = windows.last();
  BOOST_TEST(rows(ends) == (std::vector<Index>{7, 12}), boost::test_tools::per_element());
  const WindowBatch batch = windows.gather(ends);
  BOOST_TEST(batch.inputs(1, 0, 0) == 100);
  BOOST_TEST(batch.inputs(1, 1, 0) == 100);
  BOOST_TEST(batch.inputs(1, 3, 0) == 102);
  BOOST_TEST(std::isnan(batch.targets.data()[0]));  // past the end
}

BOOST_AUTO_TEST_CASE(scaled_by_windows_and_seasons_and_back) {
  SeriesTable table = two_series(0);
  const Scaling scaling = Scaling::fit(table, {.inputs = ScaleKind::window, .statics = ScaleKind::none});
  const TableWindows windows(table, scaling, {.length = 4, .horizon = 3, .season = 2});
  const auto ends = windows.ends(Part::training);
  BOOST_TEST(rows(ends) == (std::vector<Index>{3, 4}), boost::test_tools::per_element());
  const WindowBatch batch = windows.gather(std::span(ends).first(1));  // 0 1 2 3 | 4 5 6
  BOOST_TEST(batch.inputs(0, 3, 0) == 1);                              // (3 - 1.5) / 1.5
  const std::vector<double> expected = {2 / 1.5, 2 / 1.5, 4 / 1.5};    // from 2, 3 and, two seasons before, 2
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(batch.targets.data()[i] == expected[i], boost::test_tools::tolerance(1e-6));
    const auto at = static_cast<Index>(i);
    BOOST_TEST(windows.undo(at, expected[i], batch.scales[i]) == windows.target(ends[0], at),
               boost::test_tools::tolerance(1e-12));
  }
}

BOOST_AUTO_TEST_CASE(differences_of_logarithms_and_back) {
  SeriesTable table = two_series(0);
  const Scaling scaling = Scaling::fit(table, {.inputs = ScaleKind::window_log, .statics = ScaleKind::none});
  const TableWindows windows(table, scaling, {.length = 4, .horizon = 3, .season = 2});
  const auto ends = windows.ends(Part::training);
  const WindowBatch batch = windows.gather(std::span(ends).first(1));  // 0 1 2 3 | 4 5 6
  double mean = 0, variance = 0;
  for (int x = 1; x <= 4; ++x) mean += std::log(x) / 4;
  for (int x = 1; x <= 4; ++x) variance += (std::log(x) - mean) * (std::log(x) - mean) / 4;
  const double deviation = std::sqrt(variance);
  BOOST_TEST(batch.inputs(0, 3, 0) == (std::log(4) - mean) / deviation, boost::test_tools::tolerance(1e-6));
  // Of ln(1 + x) from x of 2, 3 and, two seasons before, 2.
  const std::vector<double> expected = {std::log(5 / 3.0) / deviation, std::log(6 / 4.0) / deviation,
                                        std::log(7 / 3.0) / deviation};
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(batch.targets.data()[i] == expected[i], boost::test_tools::tolerance(1e-6));
    const auto at = static_cast<Index>(i);
    BOOST_TEST(windows.undo(at, expected[i], batch.scales[i]) == windows.target(ends[0], at),
               boost::test_tools::tolerance(1e-9));
  }
}

BOOST_AUTO_TEST_CASE(rows_have_weights) {
  SeriesTable table = two_series();
  const Scaling scaling = no_scaling(table);
  BOOST_TEST(TableWindows(table, scaling, {.length = 2}).gather(std::array{WindowEnd{0, 3}}).sample_weights.empty());
  table.series[0].weights = {0, 1, 2, 3, 4, 5, 6, 7};
  const TableWindows windows(table, scaling, {.length = 2, .horizon = 2});
  const WindowBatch batch = windows.gather(std::array{WindowEnd{0, 3}, WindowEnd{1, 1}});
  BOOST_TEST(batch.sample_weights == (std::vector<float>{4, 5, 1, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(targets_of_every_step_after_a_warm_up) {
  SeriesTable table = two_series();
  split_by_rows(table, 2, 0);
  const Scaling scaling = no_scaling(table);
  const TableWindows windows(table, scaling, {.length = 4, .every_step = true, .warm_up = 1});
  const auto ends = windows.ends(Part::validation);
  BOOST_TEST(rows(ends) == (std::vector<Index>{6, 7}), boost::test_tools::per_element());
  const WindowBatch batch = windows.gather(ends);
  BOOST_TEST((batch.targets.shape() == Shape{2, 4, 1}));
  BOOST_TEST(std::isnan(batch.targets(1, 0, 0)));  // warm-up
  BOOST_TEST(std::isnan(batch.targets(1, 1, 0)));  // of the training part
  BOOST_TEST(batch.targets(1, 2, 0) == 60);
  BOOST_TEST(batch.targets(1, 3, 0) == 70);
}

BOOST_AUTO_TEST_CASE(some_steps_of_windows) {
  const SeriesTable table = two_series();
  const Scaling scaling = no_scaling(table);
  const TableWindows windows(table, scaling, {.length = 4, .every_step = true, .warm_up = 1});
  const std::array ends = {WindowEnd{0, 6}, WindowEnd{0, 7}};
  const WindowBatch all = windows.gather(ends), some = windows.gather_steps(ends, 1, 3);
  BOOST_TEST((some.inputs.shape() == Shape{2, 2, 2}));
  BOOST_TEST((some.targets.shape() == Shape{2, 2, 1}));
  for (Index window = 0; window < 2; ++window)
    for (Index step = 0; step < 2; ++step) {
      BOOST_TEST(some.inputs(window, step, 0) == all.inputs(window, step + 1, 0));
      BOOST_TEST(some.targets(window, step, 0) == all.targets(window, step + 1, 0));
    }
  BOOST_TEST(some.scales.size() == 4U);
  BOOST_CHECK_THROW((void)windows.gather_steps(ends, 3, 3), ValueError);
  BOOST_CHECK_THROW((void)windows.gather_steps(ends, 0, 5), ValueError);
  BOOST_CHECK_THROW((void)TableWindows(table, scaling, {.length = 4}).gather_steps(ends, 0, 2), ValueError);
}

BOOST_AUTO_TEST_CASE(weights_of_basins) {
  const SeriesTable table = two_series();
  const Scaling scaling = no_scaling(table);
  const TableWindows windows(table, scaling, {.length = 1});
  const WindowBatch batch = windows.gather(windows.last());
  const double deviation = 10 * std::sqrt(2.0 / 3);  // of 1000, 1010, 1020
  BOOST_TEST(batch.weights[1] == 1 / ((deviation + 0.1) * (deviation + 0.1)), boost::test_tools::tolerance(1e-5));
}

BOOST_AUTO_TEST_CASE(caps_are_for_losses) {
  SeriesTable table = two_series();
  table.targets[0].cap = 50;
  const Scaling scaling = no_scaling(table);
  const TableWindows windows(table, scaling, {.length = 1});
  const WindowEnd last{0, 7};
  BOOST_TEST(windows.gather(std::array{last}).targets.data()[0] == 50);
  BOOST_TEST(windows.target(last, 0) == 70);
}

BOOST_AUTO_TEST_CASE(options_that_do_not_fit) {
  const SeriesTable table = two_series();
  const Scaling scaling = no_scaling(table);
  BOOST_CHECK_THROW(TableWindows(table, scaling, {.length = 0}), ValueError);
  BOOST_CHECK_THROW(TableWindows(table, scaling, {.length = 4, .warm_up = 1}), ValueError);
  BOOST_CHECK_THROW(TableWindows(table, scaling, {.length = 4, .horizon = 2, .every_step = true}), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
