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
  BOOST_CHECK_THROW(CsvTable(write("a\n\"unclosed\n")), FormatError);
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

BOOST_AUTO_TEST_CASE(several_columns_as_one_tensor) {
  const CsvTable table(write("t,x,y\n1,2,3\n4,5,6\n"));
  const auto tensor = table.columns(std::vector<std::string>{"y", "t"});
  BOOST_TEST((tensor.shape() == Shape{2, 2}));
  BOOST_TEST(tensor(1, 0) == 6);
  BOOST_TEST(tensor(1, 1) == 4);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
