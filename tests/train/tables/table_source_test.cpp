#include <recur/framework/tensor/error.h>
#include <recur/train/tables/table_source.h>

#include "../../temporary_directory.h"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace recur;

struct Fixture {
  TemporaryDirectory directory;
  std::string write(const std::string& name, const std::string& text) {
    TemporaryDirectory::write(directory.file(name), text);
    return directory.file(name).string();
  }
  /// Days of rain and runoff of two rivers, the rows of b before those of a, in no order of time.
  TableSource two_rivers() {
    return {.path = write("rivers.csv",
                          "river,day,rain,runoff\n"
                          "b,2001-01-02,4,40\nb,2001-01-01,3,30\n"
                          "a,2001-01-01,1,10\na,2001-01-02,2,20\na,2001-01-03,5,\n"),
            .keys = {.id = "river", .time = {"day"}},
            .inputs = {"rain"},
            .targets = {{.column = "runoff"}}};
  }
};

auto says(const std::string& words) {
  return [words](const Error& error) {
    const bool found = std::string(error.what()).find(words) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE(error.what());
    return found;
  };
}

BOOST_FIXTURE_TEST_SUITE(table_source, Fixture)

BOOST_AUTO_TEST_CASE(series_by_id_in_order_of_time) {
  TableSource source = two_rivers();
  const SeriesTable table = read_series(source);
  BOOST_REQUIRE(table.series.size() == 2U);
  const Series &b = table.series[0], &a = table.series[1];
  BOOST_TEST(b.id == "b");
  BOOST_TEST(b.inputs == (std::vector<float>{3, 4}), boost::test_tools::per_element());
  BOOST_TEST(a.rows() == 3);
  BOOST_TEST(std::isnan(a.targets[2]));
  BOOST_TEST(table.time_text(a, 1) == "2001-01-02");
  BOOST_TEST(table.time_text(a, 4) == "2001-01-05");  // past the end
}

BOOST_AUTO_TEST_CASE(ids_in_names_of_files_and_dates_in_columns) {
  write("01_rain.txt", "45.06\nYear Mn Dy Hr\tprcp(mm)\n1980 01 01 12\t1.5\n1980 01 02 12\t2.5\n");
  write("02_rain.txt", "41.00\nYear Mn Dy Hr\tprcp(mm)\n1980 01 01 12\t3.5\n");
  write("01_flow.txt", "01 1980 01 02   255.00 A:e\n01 1980 01 03   272.00 A\n");
  write("02_flow.txt", "02 1980 01 01   100.00 A\n");
  TableSource source{.path = directory.file("*_rain.txt"),
                     .format = {.skip = 1},
                     .keys = {.id_from = "^([0-9]+)_rain", .time = {"Year", "Mn", "Dy"}},
                     .inputs = {"prcp(mm)"}};
  source.targets = {{.column = "q", .factor = 2, .divided_by = "area"}};
  source.target_files = {directory.file("*_flow.txt"),
                         {.names = {"id", "Y", "M", "D", "q", "flag"}},
                         {.id = "id", .time = {"Y", "M", "D"}}};
  source.static_files = {write("area.txt", "gauge;area;wood\n02;10;0.5\n01;5;NA\n"), {}, {.id = "gauge"}};
  const SeriesTable table = read_series(source);
  BOOST_TEST(table.series[0].id == "01");
  BOOST_TEST(std::isnan(table.series[0].targets[0]));
  BOOST_TEST(table.series[0].targets[1] == 255.0 * 2 / 5);
  BOOST_TEST(table.series[1].targets[0] == 100.0 * 2 / 10);
  source.statics = {"wood"};
  BOOST_CHECK_EXCEPTION((void)read_series(source), FormatError, says("line 3, column 'wood' is missing"));
  source.mean_of_missing_statics = true;
  BOOST_TEST(std::isnan(read_series(source).series[0].statics[0]));
  source.statics = {"woods"};
  BOOST_CHECK_EXCEPTION((void)read_series(source), ValueError, says("did you mean wood?"));
}

BOOST_AUTO_TEST_CASE(words_become_categories) {
  TableSource source = two_rivers();
  source.static_files = {
      write("land.csv", "river,land,snow\na,woods,0.5\nb,fields,0.1\nc,town,0\n"), {}, {.id = "river"}};
  source.statics = {"land", "snow"};
  const SeriesTable table = read_series(source);
  BOOST_TEST(table.statics == (std::vector<std::string>{"land=fields", "land=woods", "snow"}),
             boost::test_tools::per_element());
  BOOST_TEST(table.series[1].statics == (std::vector<float>{0, 1, 0.5F}), boost::test_tools::per_element());
  source.categories = {{"land", {"woods"}}};
  BOOST_CHECK_EXCEPTION((void)read_series(source), FormatError, says("'fields' was not there in training"));
}

BOOST_AUTO_TEST_CASE(inputs_of_words) {
  TableSource source{.path = write("x.csv", "x,sky,y,w\n1,clear,1,1\n2,rain,2,0\n3,clear,3,0.5\n"),
                     .inputs = {"x", "sky"},
                     .targets = {{.column = "y"}},
                     .weights = "w"};
  SeriesTable table = read_series(source);
  BOOST_TEST(table.inputs == (std::vector<std::string>{"x", "sky=clear", "sky=rain"}),
             boost::test_tools::per_element());
  BOOST_TEST(table.series[0].inputs == (std::vector<float>{1, 1, 0, 2, 0, 1, 3, 1, 0}),
             boost::test_tools::per_element());
  BOOST_TEST(table.series[0].weights == (std::vector<float>{1, 0, 0.5F}), boost::test_tools::per_element());
  source.codes = true;
  table = read_series(source);  // with the words that are known from before
  BOOST_TEST(table.inputs[1] == "sky code");
  BOOST_TEST(table.series[0].inputs == (std::vector<float>{1, 1, 2, 2, 3, 1}), boost::test_tools::per_element());
  write("x.csv", "x,sky,y,w\n1,snow,1,1\n");
  BOOST_CHECK_EXCEPTION((void)read_series(source), FormatError, says("line 2, column 'sky': 'snow' was not there in"));
  source.categories = {};
  write("x.csv", "x,sky,y,w\n1,snow,1,-1\n");
  BOOST_CHECK_EXCEPTION((void)read_series(source), FormatError, says("the weight '-1' must be"));
}

BOOST_AUTO_TEST_CASE(ids_as_categories) {
  TableSource source = two_rivers();
  source.id_category = true;
  const SeriesTable table = read_series(source);
  BOOST_TEST(table.statics == (std::vector<std::string>{"id=b", "id=a"}), boost::test_tools::per_element());
  BOOST_TEST(table.series[1].statics == (std::vector<float>{0, 1}), boost::test_tools::per_element());
  source.categories = {{"id", {"a"}}};
  BOOST_TEST(read_series(source).series[0].statics[0] == 0);  // b was not in training
}

BOOST_AUTO_TEST_CASE(one_series_a_line_goes_on_in_a_second_file) {
  TableSource source{
      .path = write("train.csv", "\"V1\",\"V2\",\"V3\",\"V4\"\n\"H1\",\"1\",\"2\",\"3\"\n\"H2\",\"7\",\"\",\"\"\n"),
      .series_in_lines = true,
      .continued = write("test.csv", "V1,V2\nH1,4\nH2,8\n"),
      .inputs = {"value"},
      .horizon = 1,
      .targets = {{.column = "value"}}};
  const SeriesTable table = read_series(source);
  BOOST_TEST(table.series[0].targets == (std::vector<double>{1, 2, 3, 4}), boost::test_tools::per_element());
  BOOST_TEST(table.series[1].targets == (std::vector<double>{7, 8}), boost::test_tools::per_element());
  BOOST_TEST(table.targets[0].input == 0);
  write("test.csv", "V1,V2\nH3,4\n");
  BOOST_CHECK_EXCEPTION((void)read_series(source), FormatError, says("line 2: there is no series 'H3'"));
}

BOOST_AUTO_TEST_CASE(remaining_life) {
  TableSource source{.path = write("run.txt", "unit time s1\n1 1 5\n1 2 6\n1 3 7\n2 1 8\n"),
                     .keys = {.id = "unit", .time = {"time"}},
                     .inputs = {"s1"}};
  source.targets = {{.kind = TargetSource::Kind::remaining, .name = "rul", .cap = 125}};
  SeriesTable table = read_series(source);
  BOOST_TEST(table.series[0].targets == (std::vector<double>{2, 1, 0}), boost::test_tools::per_element());
  read_remaining(table, write("truth.txt", "RUL\n112 \n98 \n"), {});
  BOOST_TEST(table.series[0].targets == (std::vector<double>{114, 113, 112}), boost::test_tools::per_element());
  BOOST_TEST(table.series[1].targets[0] == 98);
  BOOST_CHECK_EXCEPTION(read_remaining(table, write("truth.txt", "112\n"), {}), FormatError,
                        says("has 1 rows for 2 series"));
}

BOOST_AUTO_TEST_CASE(derived_targets) {
  TableSource source{.path = write("x.csv", "x\n1\n4\n9\n"), .inputs = {"x"}, .horizon = 1};
  source.targets = {{.kind = TargetSource::Kind::difference, .column = "x"},
                    {.kind = TargetSource::Kind::next, .column = "x"}};
  const SeriesTable table = read_series(source);
  BOOST_TEST(std::isnan(table.series[0].targets[0]));
  BOOST_TEST(table.series[0].targets[2] == 3);
  BOOST_TEST(table.series[0].targets[4] == 5);
  BOOST_TEST(std::isnan(table.series[0].targets[5]));
}

BOOST_AUTO_TEST_CASE(missing_inputs) {
  TableSource source{.path = write("x.csv", "x,y\n1,1\n,2\n3,3\n"), .inputs = {"x"}, .targets = {{.column = "y"}}};
  BOOST_CHECK_EXCEPTION((void)read_series(source), FormatError, says("line 3, column 'x': a number is missing"));
  source.missing = MissingInputs::previous;
  BOOST_TEST(read_series(source).series[0].inputs[1] == 1);
  write("x.csv", "x,y\n,1\nNA,2\n3,3\n,4\n");
  BOOST_TEST(read_series(source).series[0].inputs == (std::vector<float>{3, 3}), boost::test_tools::per_element());
  BOOST_TEST(read_series(source).series[0].targets == (std::vector<double>{3, 4}), boost::test_tools::per_element());
  write("x.csv", "x,y\n1,1\n,2\n3,3\n");
  source.missing = MissingInputs::mask;
  const SeriesTable table = read_series(source);
  BOOST_TEST(table.inputs[1] == "no x");
  BOOST_TEST(table.series[0].inputs[3] == 1);
  BOOST_TEST(table.series[0].inputs[1] == 0);
}

BOOST_AUTO_TEST_CASE(gaps_and_repeated_times) {
  TableSource source{
      .path = write("x.csv", "day,x,y\n2001-01-01,1,1\n2001-01-02,2,2\n2001-01-05,5,5\n2001-01-06,6,6\n"),
      .keys = {.time = {"day"}},
      .inputs = {"x"},
      .targets = {{.column = "y"}}};
  BOOST_CHECK_EXCEPTION((void)read_series(source), FormatError, says("line 4: 2001-01-05 follows 2001-01-02"));
  source.gaps = TimeGaps::divide;
  BOOST_TEST(read_series(source).series[0].breaks == (std::vector<unsigned char>{0, 0, 1, 0}),
             boost::test_tools::per_element());
  source.gaps = TimeGaps::fill;
  source.missing = MissingInputs::previous;
  const SeriesTable table = read_series(source);
  BOOST_TEST(table.series[0].inputs == (std::vector<float>{1, 2, 2, 2, 5, 6}), boost::test_tools::per_element());
  BOOST_TEST(std::isnan(table.series[0].targets[2]));
  write("x.csv", "day,x,y\n2001-01-01,1,1\n2001-01-02,2,2\n2001-01-02,3,3\n");
  BOOST_CHECK_EXCEPTION((void)read_series(source), FormatError, says("line 4: the time 2001-01-02 is there already"));
  source.repeated = RepeatedTimes::last;
  BOOST_TEST(read_series(source).series[0].inputs[1] == 3);
}

BOOST_AUTO_TEST_CASE(calendar_and_what_is_known_ahead) {
  TableSource source{.path = write("x.csv",
                                   "hour,load,holiday\n2001-01-01 00:00,1,0\n2001-01-01 01:00,2,0\n"
                                   "2001-01-01 02:00,3,1\n2001-01-01 03:00,,0\n"),
                     .keys = {.time = {"hour"}},
                     .inputs = {"load"},
                     .known_ahead = {"holiday"},
                     .horizon = 1,
                     .calendar = {"hour"},
                     .targets = {{.column = "load"}}};
  const SeriesTable table = read_series(source);
  BOOST_TEST(table.series[0].rows() == 3);  // the last row tells only what is known ahead
  BOOST_TEST(table.series[0].inputs[1 * 4 + 1] == 1);
  BOOST_TEST(table.series[0].inputs[2 * 4 + 1] == 0);
  BOOST_TEST(table.series[0].inputs[1 * 4 + 2] == 0.258819F, boost::test_tools::tolerance(1e-5F));  // sin 15°
}

BOOST_AUTO_TEST_CASE(targets_that_are_given_away) {
  TableSource source = two_rivers();
  source.inputs = {"rain", "runoff"};
  BOOST_CHECK_EXCEPTION((void)read_series(source), ValueError,
                        says("the target 'runoff' is among the inputs of its own time"));
  source.horizon = 1;
  source.inputs = {"rain"};
  source.known_ahead = {"runoff"};
  BOOST_CHECK_THROW((void)read_series(source), ValueError);
}

BOOST_AUTO_TEST_CASE(targets_that_are_given_away_by_another_name) {
  std::string forcing = "day,rain,level\n", flow = "day,flow\n";
  for (int day = 1; day <= 12; ++day) {
    forcing += fmt::format("{},{},{}\n", day, 3 * day % 7, 100 + day);
    flow += fmt::format("{},{}\n", day, 100 + day);
  }
  TableSource source{.path = write("forcing.csv", forcing),
                     .keys = {.time = {"day"}},
                     .inputs = {"rain", "level"},
                     .targets = {{.column = "flow"}},
                     .target_files = {.path = write("flow.csv", flow), .keys = {.time = {"day"}}}};
  BOOST_CHECK_EXCEPTION((void)read_series(source), ValueError,
                        says("the input 'level' has the numbers of the target 'flow' at every time"));
  source.inputs = {"rain"};
  BOOST_CHECK_NO_THROW((void)read_series(source));
  source.inputs = {"rain", "level"};
  source.horizon = 1;
  BOOST_CHECK_NO_THROW((void)read_series(source));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
