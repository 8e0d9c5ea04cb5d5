#include <recur/train/tables/time_axis.h>

#include <boost/test/unit_test.hpp>

#include <array>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(time_axis)

BOOST_AUTO_TEST_CASE(dates_are_seconds) {
  BOOST_TEST(parse_date("1970-01-01").value() == 0);
  BOOST_TEST(parse_date("1970/01/02").value() == 86400);
  BOOST_TEST(parse_date("2000-02-29 13:30").value() == 951'831'000);  // date -u -d '2000-02-29 13:30' +%s
  BOOST_TEST(parse_date("2000-02-29T13:30:05Z").value() == 951'831'005);
  BOOST_TEST(parse_date("1969-12-31 23:00").value() == -3600);
}

BOOST_AUTO_TEST_CASE(what_is_no_date) {
  for (const char* text :
       {"", "12", "2001-02-29", "2001-13-01", "01/07/2016", "2001-01-01x", "2001-01-01 24:00", "word"})
    BOOST_TEST(!parse_date(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(dates_from_columns) {
  BOOST_TEST(date_of(std::array{1980.0, 1.0, 2.0}).value() == parse_date("1980-01-02").value());
  BOOST_TEST(date_of(std::array{1980.0, 1.0, 2.0, 12.0}).value() == parse_date("1980-01-02 12:00").value());
  BOOST_TEST(!date_of(std::array{1980.0, 2.0, 30.0}).has_value());
  BOOST_TEST(!date_of(std::array{1980.5, 2.0, 3.0}).has_value());
}

BOOST_AUTO_TEST_CASE(times_are_written_as_they_are_read) {
  for (const char* text : {"1999-10-01", "1969-12-31 23:00", "2016-07-01 13:00:30"})
    BOOST_TEST(format_time(parse_date(text).value(), TimeKind::date) == text);
  BOOST_TEST(format_time(0, TimeKind::date, false) == "1970-01-01 00:00");
  BOOST_TEST(format_time(17, TimeKind::number) == "17");
  BOOST_TEST(!parse_time("1.5", TimeKind::number).has_value());
}

BOOST_AUTO_TEST_CASE(the_calendar) {
  const CalendarDate date = calendar_date(parse_date("2016-12-31 23:15").value());
  BOOST_TEST(date.day_of_year == 365);  // of a leap year, from 0
  BOOST_TEST(date.weekday == 5);        // a Saturday
  BOOST_TEST(date.hour == 23);
  BOOST_TEST(calendar_date(-1).year == 1969);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
