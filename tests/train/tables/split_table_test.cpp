#include <recur/framework/tensor/error.h>
#include <recur/train/tables/split_table.h>

#include <boost/test/unit_test.hpp>

#include <array>

namespace {

using namespace recur;

SeriesTable table_of(std::initializer_list<Index> lengths) {
  SeriesTable table;
  table.time_kind = TimeKind::number;
  for (const Index length : lengths) {
    Series& one = table.series.emplace_back();
    one.id = std::to_string(table.series.size());
    for (Index r = 0; r < length; ++r) one.times.push_back(r);
    one.parts.assign(static_cast<std::size_t>(length), Part::none);
  }
  return table;
}

/// The parts of a series: t, v, T for test, and a dot for none.
std::string shown(const Series& one) {
  std::string text;
  for (const Part part : one.parts) text += ".tvT"[static_cast<int>(part)];
  return text;
}

BOOST_AUTO_TEST_SUITE(split_table)

BOOST_AUTO_TEST_CASE(by_time) {
  SeriesTable table = table_of({8});
  split_by_time(table, std::array{std::pair(Part::training, Period{4, 6}), std::pair(Part::validation, Period{0, 1}),
                                  std::pair(Part::test, Period{2, 3})});
  BOOST_TEST(shown(table.series[0]) == "vvTTttt.");
  const auto says = [](const Error& e) {
    return std::string(e.what()).find("test part from 9 to 10 has no rows; the table has 0 to 7") != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION(split_by_time(table, std::array{std::pair(Part::test, Period{9, 10})}), ValueError, says);
}

BOOST_AUTO_TEST_CASE(by_id) {
  SeriesTable table = table_of({2, 2, 2});
  split_by_id(table, std::array<std::string, 1>{"3"}, std::array<std::string, 1>{"1"});
  BOOST_TEST(shown(table.series[0]) == "TT");
  BOOST_TEST(shown(table.series[1]) == "tt");
  BOOST_TEST(shown(table.series[2]) == "vv");
  BOOST_CHECK_THROW(split_by_id(table, std::array<std::string, 1>{"4"}, {}), ValueError);
  BOOST_CHECK_THROW(split_by_id(table, std::array<std::string, 3>{"1", "2", "3"}, {}), ValueError);
}

BOOST_AUTO_TEST_CASE(at_random_by_seed) {
  SeriesTable first = table_of({1, 1, 1, 1, 1, 1, 1, 1, 1, 1}), again = table_of({1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  split_at_random(first, 0.2, 0.1, 7);
  split_at_random(again, 0.2, 0.1, 7);
  for (std::size_t s = 0; s < 10; ++s) BOOST_TEST(shown(first.series[s]) == shown(again.series[s]));
  BOOST_TEST(rows_of(first, Part::validation) == 2);
  BOOST_TEST(rows_of(first, Part::test) == 1);
  SeriesTable one = table_of({5});
  BOOST_CHECK_THROW(split_at_random(one, 0.2, 0, 1), ValueError);
}

BOOST_AUTO_TEST_CASE(by_fraction_and_by_rows) {
  SeriesTable table = table_of({10, 4});
  split_by_fraction(table, 0.2, 0.1);
  BOOST_TEST(shown(table.series[0]) == "tttttttvvT");
  BOOST_TEST(shown(table.series[1]) == "ttvT");
  split_by_rows(table, 3, 2);
  BOOST_TEST(shown(table.series[0]) == "tttttvvvTT");
  BOOST_TEST(shown(table.series[1]) == "vvTT");
  BOOST_CHECK_THROW(split_by_rows(table, 9, 2), ValueError);
  BOOST_CHECK_THROW(split_by_fraction(table, 0.5, 0.5), ValueError);
}

BOOST_AUTO_TEST_CASE(rolling_origin) {
  SeriesTable table = table_of({10});
  split_rolling(table, 0, 2, 2);
  BOOST_TEST(shown(table.series[0]) == "ttttvvTT..");
  split_rolling(table, 1, 2, 2);
  BOOST_TEST(shown(table.series[0]) == "ttttttvvTT");
  BOOST_CHECK_THROW(split_rolling(table, 2, 2, 2), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
