#include <recur/framework/threads/denormals.h>
#include <recur/framework/threads/parallel.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>
#include <vector>

namespace {

using namespace recur;

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

BOOST_AUTO_TEST_CASE(threads_that_share_an_operation_do_as_the_one_that_began_it) {
  // As above; its number of threads is its own, too.
  std::thread([] {
    set_threads(2);
    const auto all = [] {
      std::vector<float> results(64);
      std::vector<std::thread::id> by(results.size());
      parallel_for(std::ssize(results), 10'000'000, [&](Index i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the other thread gets some too
        results[static_cast<std::size_t>(i)] = smallest();
        by[static_cast<std::size_t>(i)] = std::this_thread::get_id();
      });
      BOOST_TEST(std::ranges::count(by, by[0]) < std::ssize(by));
      return results;
    };
    const auto off = all();  // now both threads are there
    const bool possible = flush_denormals(true);
    const auto on = all();
    flush_denormals(false);  // before they are looked at: operands are flushed, too
    const auto off_again = all();
    const auto zeros = [](const std::vector<float>& results) { return std::ranges::count(results, 0.0F); };
    BOOST_TEST(zeros(off) == 0);
    BOOST_TEST(zeros(on) == (possible ? std::ssize(on) : 0));
    BOOST_TEST(zeros(off_again) == 0);
  }).join();
}

BOOST_AUTO_TEST_SUITE_END()
