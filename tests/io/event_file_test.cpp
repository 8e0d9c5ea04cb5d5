#include <recur/io/event_file.h>

#include <boost/test/unit_test.hpp>

#include "../event_reader.h"

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(event_file)

// RFC 3720, appendix B.4, and the usual check value.
BOOST_AUTO_TEST_CASE(crc32c_has_the_values_of_the_standard) {
  std::string ascending;
  for (char c = 0; c < 32; ++c) ascending += c;
  BOOST_TEST(crc32c(std::string(32, '\0')) == 0x8a9136aaU);
  BOOST_TEST(crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
  BOOST_TEST(crc32c(ascending) == 0x46dd794eU);
  BOOST_TEST(crc32c("123456789") == 0xe3069283U);
  BOOST_TEST(crc32c("") == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back) {
  const std::string file = event_file_header(1.5) + scalar_event(2.5, 300, "loss", 0.125) +
                           scalar_event(3.5, Index{1} << 40, std::string(200, 'x'), -7);
  const auto events = read_events(file);
  BOOST_REQUIRE(events.size() == 3U);
  BOOST_TEST(events[0].version == "brain.Event:2");
  BOOST_TEST(events[0].wall_time == 1.5);
  BOOST_TEST(events[1].wall_time == 2.5);
  BOOST_TEST(events[1].step == 300U);
  BOOST_TEST(events[1].tag == "loss");
  BOOST_TEST(events[1].value == 0.125F);
  BOOST_TEST(events[2].step == std::uint64_t{1} << 40U);
  BOOST_TEST(events[2].tag == std::string(200, 'x'));
  BOOST_TEST(events[2].value == -7.0F);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
