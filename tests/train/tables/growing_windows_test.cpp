#include <recur/framework/tensor/error.h>
#include <recur/train/tables/growing_windows.h>
#include <recur/train/tables/table_source.h>

#include "../../temporary_directory.h"

#include <boost/test/unit_test.hpp>

#include <array>

namespace {

using namespace recur;

struct Fixture {
  TemporaryDirectory directory;
  TableSource source;

  Fixture() {
    // Eight hours of sales, and two more of which the promotion is known.
    TemporaryDirectory::write(directory.file("shop.csv"),
                              "when,sold,promotion\n2024-01-01 00:00,1,0\n2024-01-01 01:00,2,1\n"
                              "2024-01-01 02:00,3,0\n2024-01-01 03:00,4,1\n2024-01-01 04:00,5,0\n"
                              "2024-01-01 05:00,6,2\n2024-01-01 06:00,,3\n2024-01-01 07:00,,4\n2024-01-01 08:00,,5\n");
    source = {.path = directory.file("shop.csv"), .keys = {.time = {"when"}}, .inputs = {"sold"}};
    source.known_ahead = {"promotion"};
    source.calendar = {"hour"};
    source.horizon = 1;
    source.targets = {{.column = "sold"}};
    source.missing = MissingInputs::previous;
  }

  SeriesTable read() {
    SeriesTable table = read_series(source);
    for (Series& one : table.series) one.parts.assign(one.times.size(), Part::training);
    return table;
  }
};

/// The numbers of input `c` in the window of a batch of one.
std::vector<float> column(const WindowBatch& batch, Index c) {
  std::vector<float> numbers;
  for (Index t = 0; t < batch.inputs.shape()[1]; ++t) numbers.push_back(batch.inputs(0, t, c));
  return numbers;
}

BOOST_FIXTURE_TEST_SUITE(growing_windows, Fixture)

BOOST_AUTO_TEST_CASE(forecasts_become_inputs_and_the_calendar_goes_on) {
  SeriesTable table = read();
  BOOST_TEST(table.series[0].rows() == 6);
  const Scaling scaling = Scaling::fit(table, {.columns = {{"promotion", ScaleKind::none}}});
  scaling.apply(table);
  const TableWindows windows(table, scaling, {.length = 3, .horizon = 1});
  const std::vector<WindowEnd> last = windows.last();
  GrowingWindows growing(windows, last);
  growing.add(std::array{7.0});
  growing.add(std::array{8.0});
  BOOST_TEST(growing.rows() == 2);
  const WindowBatch batch = growing.gather();
  const ColumnScale& sold = scaling.inputs()[0];
  for (Index t = 0; t < 3; ++t)
    BOOST_TEST(batch.inputs(0, t, 0) == static_cast<float>(sold.apply(6 + static_cast<double>(t), sold.all)));
  // A row sees the promotion of the hour after it; the file knows them up to 08:00.
  BOOST_TEST(column(batch, 1) == (std::vector<float>{3, 4, 5}), boost::test_tools::per_element());
  BOOST_TEST(batch.inputs(0, 2, 2) == calendar_feature("hour", 7 * 3600)[0]);
  growing.add(std::array{9.0});
  BOOST_TEST(column(growing.gather(), 1) == (std::vector<float>{4, 5, 5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_step_again_and_again_is_what_a_file_with_these_rows_gives) {
  source.known_ahead = {};
  SeriesTable table = read();
  const Scaling scaling = Scaling::fit(table, {.inputs = ScaleKind::window});
  scaling.apply(table);
  const TableWindows windows(table, scaling, {.length = 3, .horizon = 1, .season = 2});
  // From 02:00 on, with the true numbers as forecasts: the windows are those of the file.
  const std::vector<WindowEnd> from = {{0, 2}};
  GrowingWindows growing(windows, from);
  growing.add(std::array{4.0});
  growing.add(std::array{5.0});
  const WindowEnd there{0, 4};
  const WindowBatch expected = windows.gather(std::span(&there, 1)), found = growing.gather();
  BOOST_TEST(std::vector<float>(found.inputs.values().begin(), found.inputs.values().end()) ==
                 std::vector<float>(expected.inputs.values().begin(), expected.inputs.values().end()),
             boost::test_tools::per_element());
  BOOST_TEST(growing.undo(0, 0.5, found.scales[0]) == windows.undo(0, 0.5, expected.scales[0]));
}

BOOST_AUTO_TEST_CASE(refuses_inputs_that_nobody_knows) {
  source.known_ahead = {};
  source.inputs = {"sold", "promotion"};
  SeriesTable table = read();
  const Scaling scaling = Scaling::fit(table);
  const TableWindows windows(table, scaling, {.length = 3, .horizon = 1});
  const std::vector<WindowEnd> last = windows.last();
  const auto says = [](const Error& error) {
    return std::string(error.what()).find("'promotion' is not known in rows that are forecast") != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION(GrowingWindows(windows, last), ValueError, says);
  const TableWindows now(table, scaling, {.length = 3});
  BOOST_CHECK_THROW(GrowingWindows(now, last), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
