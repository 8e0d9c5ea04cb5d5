#include <recur/framework/tensor/error.h>
#include <recur/io/text_table.h>

#include "../temporary_directory.h"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace recur;

struct Fixture {
  TemporaryDirectory directory;
  std::filesystem::path write(const std::string& text, const std::string& name = "table.txt") {
    const auto path = directory.file(name);
    TemporaryDirectory::write(path, text);
    return path;
  }
  TextTable read(const std::string& text, TextTableOptions options = {}) { return TextTable(write(text), options); }
};

auto says(const std::string& words) {
  return [words](const Error& error) { return std::string(error.what()).find(words) != std::string::npos; };
}

BOOST_FIXTURE_TEST_SUITE(text_table, Fixture)

BOOST_AUTO_TEST_CASE(separators_are_found) {
  for (const char* text : {"a,b\n1,2\n", "a;b\r\n1;2\r\n", "a\tb\n1\t2", "  a   b  \n 1\t2 \n\n"}) {
    const TextTable table = read(text);
    BOOST_TEST(table.names() == (std::vector<std::string>{"a", "b"}), boost::test_tools::per_element());
    BOOST_TEST(table.rows() == 1U);
    BOOST_TEST(table.number(0, table.find("b")) == 2);
  }
}

BOOST_AUTO_TEST_CASE(a_heading_is_told_from_rows) {
  BOOST_TEST(read("1 2\n3 4\n").rows() == 2U);
  BOOST_TEST(read("H1,605\nH2,586\n").rows() == 2U);              // ids, not names
  BOOST_TEST(read("2016-07-01,A\n2016-07-02,B\n").rows() == 2U);  // a date is no name
  BOOST_TEST(read("id,value\nH1,605\n").rows() == 1U);
  BOOST_TEST(read("a,b\nc,d\n", {.heading = TableHeading::absent}).rows() == 2U);
}

BOOST_AUTO_TEST_CASE(names_take_the_place_of_a_heading_that_may_be_there) {
  for (const char* text : {"x y z too_many\n1 2 3 \n", "1 2 3  \n"}) {
    const TextTable table = read(text, {.names = {"unit", "time", "s1"}});
    BOOST_TEST(table.rows() == 1U);
    BOOST_TEST(table.number(0, table.find("s1")) == 3);
  }
  BOOST_TEST(read("a b c\n1 2\n3 4\n").names().size() == 2U);  // a heading that names more than there is
}

BOOST_AUTO_TEST_CASE(a_name_that_is_there_twice) {
  const TextTable table = read("a,b,a\n1,2,3\n");
  BOOST_TEST(table.find("b") == 1U);
  BOOST_CHECK_EXCEPTION((void)table.find("a"), FormatError, says("has the column 'a' twice, as columns 1 and 3"));
  BOOST_TEST(read("a,b,a\n1,2,3\n", {.names = {"a", "b", "c"}}).find("a") == 0U);
}

BOOST_AUTO_TEST_CASE(quotes_lines_to_skip_and_comments) {
  const TextTable table = read("45.06\n318\n\"a\"\"b\", c\n# note\n\"1,5\" ,2\n", {.skip = 2, .comment = "#"});
  BOOST_TEST(table.names()[0] == "a\"b");
  BOOST_TEST(table.names()[1] == "c");
  BOOST_TEST(table.text(0, 0) == "1,5");
  BOOST_TEST(table.line(0) == 5U);
  BOOST_CHECK_EXCEPTION(read("a,b\n\"1,2\n"), FormatError, says("line 2: a quote is not closed"));
}

BOOST_AUTO_TEST_CASE(decimal_commas) {
  const TextTable table = read("a;b\n3,25;-1,5\n1.5;2\n", {.decimal_comma = true});
  BOOST_TEST(table.number(0, 0) == 3.25);
  BOOST_TEST(table.number(0, 1) == -1.5);
  BOOST_CHECK_EXCEPTION((void)table.number(1, 0), FormatError, says("line 3, column 'a': '1.5' is not a number"));
}

BOOST_AUTO_TEST_CASE(missing_fields) {
  const TextTable table = read("a,b\n-999.00,M\n,1\n", {.missing = {"", "-999", "M"}});
  BOOST_TEST(std::isnan(table.number(0, 0)));
  BOOST_TEST(std::isnan(table.number(0, 1)));
  BOOST_TEST(std::isnan(table.number(1, 0)));
  BOOST_TEST(table.number(1, 1) == 1);
  BOOST_CHECK_EXCEPTION((void)read("a\n1\nM\n").number(1, 0), FormatError, says("line 3, column 'a': 'M'"));
}

BOOST_AUTO_TEST_CASE(lines_of_other_widths) {
  BOOST_CHECK_EXCEPTION(read("a,b\n1,2\n\n3\n"), FormatError, says("line 4: 1 fields where there are 2 columns"));
  const TextTable table = read("a,b\n1,2\n3\n", {.unequal = true});
  BOOST_TEST(std::isnan(table.number(1, 1)));
  BOOST_CHECK_THROW(read("a,b\n1,2,3\n", {.unequal = true}), FormatError);
}

BOOST_AUTO_TEST_CASE(columns_that_are_not_there) {
  BOOST_CHECK_EXCEPTION((void)read("prcp,tmax\n1,2\n").find("prpc"), ValueError, says("did you mean prcp?"));
  BOOST_CHECK_EXCEPTION(TextTable("/no/such/file"), FormatError, says("cannot read '/no/such/file'"));
  BOOST_CHECK_EXCEPTION(read("a,b\n"), FormatError, says("no rows"));
}

BOOST_AUTO_TEST_CASE(files_by_pattern) {
  const auto second = write("x", "b_rain.txt"), first = write("x", "a_rain.txt");
  (void)write("x", "a_snow.txt");
  const auto found = matching_files(directory.file("*_rain.t?t"));
  BOOST_REQUIRE(found.size() == 2U);
  BOOST_TEST((found[0] == first && found[1] == second));
  BOOST_CHECK_EXCEPTION((void)matching_files(directory.file("*.csv")), FormatError, says("*.csv"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
