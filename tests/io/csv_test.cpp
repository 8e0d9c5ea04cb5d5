#include <recur/framework/error.h>
#include <recur/io/csv.h>

#include "../temporary_directory.h"

#include <boost/test/unit_test.hpp>

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
  BOOST_CHECK_EXCEPTION(CsvTable(write("a,b\n1,two\n")).column("b"), FormatError,
                        [](const Error& e) { return contains(e, "'two'") && contains(e, "line 2"); });
  BOOST_CHECK_EXCEPTION(CsvTable(write("a,b\n1,2\n")).column("c"), ValueError,
                        [](const Error& e) { return contains(e, "a, b"); });
  BOOST_CHECK_THROW(CsvTable(write("a\n\"unclosed\n")), FormatError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
