#include <recur/train/views/map.h>
#include <recur/train/views/prefetch.h>
#include <recur/train/views/shuffle.h>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <vector>

namespace {

using namespace recur;
using namespace recur::views;

struct Counting {
  Index n;
  [[nodiscard]] Index size() const { return n; }
  Index operator[](Index index) const { return index; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(prefetch_view)

BOOST_AUTO_TEST_CASE(the_same_elements_in_any_order_of_asking) {
  auto plain = shuffle(Counting{100}, 3);
  auto ahead = prefetch(shuffle(Counting{100}, 3), 4);
  for (Index epoch = 1; epoch <= 5; ++epoch) {
    plain.start_epoch(epoch);
    ahead.start_epoch(epoch);
    for (Index i = 0; i < 60 + epoch; ++i) BOOST_REQUIRE(ahead[i] == plain[i]);
    for (const Index i : {Index{90}, Index{91}, Index{3}, Index{3}, Index{99}}) BOOST_REQUIRE(ahead[i] == plain[i]);
  }
  BOOST_CHECK_THROW((void)ahead[100], ValueError);
  BOOST_CHECK_THROW((void)prefetch(Counting{3}, 0), ValueError);
}

BOOST_AUTO_TEST_CASE(no_more_are_made_than_wanted) {
  std::atomic<Index> made = 0;
  const auto ahead = prefetch(map(Counting{100},
                                  [&](Index i) {
                                    ++made;
                                    return i;
                                  }),
                              3);
  BOOST_TEST(ahead[0] == 0);
  for (int wait = 0; wait < 500 && made < 4; ++wait) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  BOOST_TEST(made == 4);
}

BOOST_AUTO_TEST_CASE(what_is_thrown_comes_where_its_element_is_asked_for) {
  const auto ahead = prefetch(map(Counting{10}, [](Index i) {
    require<ValueError>(i != 4, "element {} is broken", i);
    return i;
  }));
  for (Index i = 0; i < 4; ++i) BOOST_TEST(ahead[i] == i);
  BOOST_CHECK_EXCEPTION((void)ahead[4], ValueError,
                        [](const Error& e) { return std::string(e.what()) == "element 4 is broken"; });
  BOOST_TEST(ahead[5] == 5);
}

BOOST_AUTO_TEST_CASE(it_may_end_at_any_time) {
  for (Index asked = 0; asked < 20; ++asked) {
    auto ahead = prefetch(Counting{15}, 2);
    for (Index i = 0; i < std::min<Index>(asked, 15); ++i) BOOST_TEST(ahead[i] == i);
    auto moved = std::move(ahead);
    if (asked < 15) BOOST_TEST(moved[asked] == asked);
  }
  const auto empty = prefetch(Counting{0});
  BOOST_TEST(empty.size() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
