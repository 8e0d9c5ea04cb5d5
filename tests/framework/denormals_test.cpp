#include <recur/framework/denormals.h>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <thread>

namespace {

float smallest() {
  volatile float x = std::numeric_limits<float>::min();
  x = x * 0.5F;
  return x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(denormals)

BOOST_AUTO_TEST_CASE(flushed_or_not_here_and_in_threads_started_later) {
  float on = 1, in_thread = 1, off = 0;
  bool possible = false;
  // In a thread of its own, so that it stays as it is for other tests.
  std::thread([&] {
    possible = recur::flush_denormals(true);
    on = smallest();
    std::thread([&] { in_thread = smallest(); }).join();
    recur::flush_denormals(false);
    off = smallest();
  }).join();
  BOOST_TEST(off > 0);
  BOOST_TEST(on == (possible ? 0 : off));
  BOOST_TEST(in_thread == on);
  BOOST_TEST(smallest() > 0);
}

BOOST_AUTO_TEST_SUITE_END()
