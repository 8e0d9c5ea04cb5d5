#include <recur/framework/tensor/error.h>
#include <recur/io/csv.h>

#include "../temporary_directory.h"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace recur;

struct Fixture {
  TemporaryDirectory directory;
  std::filesystem::path write(const std::string& text) {
    const auto path = directory.file("table.csv");
    TemporaryDirectory::write(path, text);
    return path;
  }
};

bool contains(const Error& error, const std::string& words) {
  return std::string(error.what()).find(words) != std::string::npos;
}

BOOST_FIXTURE_TEST_SUITE(csv, Fixture)

BOOST_AUTO_TEST_CASE(columns_by_name) {
  const CsvTable table(write("time,\"value, in t\"\n1949.5,112\n1950,-1.5e3\n"));
  BOOST_TEST(table.rows() == 2U);
  const std::vector<double> expected = {112, -1500};
  BOOST_TEST(table.column("value, in t") == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_file_of_numbers_has_no_heading) {
  const CsvTable table(write("1,2\r\n3,4"));
  const std::vector<double> expected = {2, 4};
  BOOST_TEST(table.column("2") == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(errors_name_file_line_and_column) {
  BOOST_CHECK_THROW(CsvTable(directory.file("missing.csv")), FormatError);
  BOOST_CHECK_THROW(CsvTable(directory.directory()), FormatError);
  BOOST_CHECK_THROW(CsvTable(write("")), FormatError);
  BOOST_CHECK_EXCEPTION(CsvTable(write("a,b\n1,2\n3\n")), FormatError,
                        [](const Error& e) { return contains(e, "line 3") && contains(e, "table.csv"); });
  BOOST_CHECK_EXCEPTION((void)CsvTable(write("a,b\n1,two\n")).column("b"), FormatError,
                        [](const Error& e) { return contains(e, "'two'") && contains(e, "line 2"); });
  BOOST_CHECK_EXCEPTION((void)CsvTable(write("a,b\n1,2\n")).column("c"), ValueError,
                        [](const Error& e) { return contains(e, "a, b"); });
  for (const char* text : {"a\n\"unclosed\n", "a,b\n1,2\"\n"})
    BOOST_CHECK_EXCEPTION(CsvTable(write(text)), FormatError, [](const Error& e) {
      return contains(e, "line 2: a quote stands within a field, or a quoted field is not closed");
    });
}

BOOST_AUTO_TEST_CASE(quoted_fields_separators_and_byte_order_marks) {
  const CsvTable table(write("\xEF\xBB\xBFname;note\r\n1;\"two; \"\"quoted\"\"\r\nlines\"\r\n"), {.separator = ';'});
  BOOST_TEST(table.names()[0] == "name");
  BOOST_TEST(table.texts("note")[0] == "two; \"quoted\"\r\nlines");
  BOOST_CHECK_THROW((void)table.texts("other"), ValueError);
}

BOOST_AUTO_TEST_CASE(missing_numbers_by_policy) {
  const auto path = write("a,b\n,1\n2,NA\n?,\n5,4\nnull,5\n");
  const auto column = [&](MissingNumbers missing, const char* name) {
    return CsvTable(path, {.missing = missing}).column(name);
  };
  using Numbers = std::vector<double>;
  BOOST_TEST(column(MissingNumbers::interpolate, "a") == (Numbers{2, 2, 3.5, 5, 5}), boost::test_tools::per_element());
  BOOST_TEST(column(MissingNumbers::interpolate, "b") == (Numbers{1, 2, 3, 4, 5}), boost::test_tools::per_element());
  BOOST_TEST(column(MissingNumbers::previous, "b") == (Numbers{1, 1, 1, 4, 5}), boost::test_tools::per_element());
  const Numbers with_nan = column(MissingNumbers::nan, "a");
  BOOST_TEST((std::isnan(with_nan[0]) && with_nan[1] == 2 && std::isnan(with_nan[2])));
  BOOST_CHECK_THROW(column(MissingNumbers::refuse, "a"), FormatError);
  BOOST_CHECK_EXCEPTION(column(MissingNumbers::previous, "a"), FormatError,
                        [](const Error& e) { return contains(e, "line 2") && contains(e, "none before"); });
  const auto none = write("a\nNA\nNA\n");
  BOOST_CHECK_THROW((void)CsvTable(none, {.missing = MissingNumbers::interpolate}).column("a"), FormatError);
}

// A first row with a gap or a date is a row, not a heading; years may be one if it is said.
BOOST_AUTO_TEST_CASE(a_heading_is_what_stands_above_numbers) {
  const CsvTable gap(write(",1\n2,3\n4,5\n"), {.missing = MissingNumbers::interpolate});
  BOOST_TEST(gap.rows() == 3U);
  BOOST_TEST(gap.column("1")[0] == 2);
  BOOST_TEST(CsvTable(write("2020-01-01,0\n2020-01-02,1\n")).rows() == 2U);
  BOOST_TEST(CsvTable(write("day,value\n2020-01-01,0\n")).rows() == 1U);
  BOOST_TEST(CsvTable(write("day,1960\n1,0\n2,1\n")).names()[1] == "1960");
  const auto years = write("1960,1961\n0,1\n1,2\n");
  BOOST_TEST(CsvTable(years).rows() == 3U);
  const CsvTable named(years, {.heading = CsvHeading::present});
  BOOST_TEST(named.rows() == 2U);
  BOOST_TEST(named.column("1961")[1] == 2);
  BOOST_TEST(CsvTable(write("a,b\nc,d\n"), {.heading = CsvHeading::absent}).texts("2")[0] == "b");
}

BOOST_AUTO_TEST_CASE(messages_count_the_lines_of_the_file) {
  const auto line_of = [&](const std::string& text) {
    try {
      (void)CsvTable(write(text)).column("b");
    } catch (const FormatError& error) {
      const std::string what = error.what();
      const auto at = what.find(", line ");
      return at == std::string::npos ? -1 : std::stoi(what.substr(at + 7));
    }
    return 0;
  };
  BOOST_TEST(line_of("a,b\n1,2\n\n\n3\n") == 5);
  BOOST_TEST(line_of("a,b\n\"x\ny\nz\",2\n3\n") == 5);
  BOOST_TEST(line_of("a,b\n1,2\n\n\n\n3,\"4\n") == 6);
  BOOST_TEST(line_of("\r\na,b\r\n1,2\r\n  \r\n3,x\r\n") == 5);
  BOOST_TEST(line_of("a,b\r1,2\r\r3,x\r") == 4);
  BOOST_TEST(line_of("a,b\n1,2\n3,4") == 0);
}

BOOST_AUTO_TEST_CASE(decimal_commas_signs_and_numbers_too_large) {
  const CsvTable table(write("a;b\n1,5;+2\n-0,25;3e2\n"), {.separator = ';', .decimal = ','});
  BOOST_TEST(table.column("a") == (std::vector<double>{1.5, -0.25}), boost::test_tools::per_element());
  BOOST_TEST(table.column("b") == (std::vector<double>{2, 300}), boost::test_tools::per_element());
  BOOST_CHECK_THROW(CsvTable(write("1\n"), {.decimal = ','}), ValueError);
  BOOST_CHECK_THROW(CsvTable(write("1\n"), {.decimal = 'x'}), ValueError);
  const std::vector<std::string> names = {"1"};
  BOOST_CHECK_EXCEPTION((void)CsvTable(write("1\n1e39\n")).columns(names), FormatError,
                        [](const Error& e) { return contains(e, "line 2") && contains(e, "too large"); });
}

BOOST_AUTO_TEST_CASE(a_name_is_of_one_column) {
  BOOST_CHECK_EXCEPTION(CsvTable(write("a,b,a\n1,2,3\n")), FormatError,
                        [](const Error& e) { return contains(e, "line 1: columns 1 and 3 are both called 'a'"); });
}

BOOST_AUTO_TEST_CASE(several_columns_as_one_tensor) {
  const CsvTable table(write("t,x,y\n1,2,3\n4,5,6\n"));
  const auto tensor = table.columns(std::vector<std::string>{"y", "t"});
  BOOST_TEST((tensor.shape() == Shape{2, 2}));
  BOOST_TEST(tensor(1, 0) == 6);
  BOOST_TEST(tensor(1, 1) == 4);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
