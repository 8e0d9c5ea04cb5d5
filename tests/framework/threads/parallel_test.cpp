#include "support.h"

#include <recur/framework/tensor/error.h>
#include <recur/framework/threads/parallel.h>

#include <omp.h>

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

using namespace recur;
using namespace recur::test;

namespace {

constexpr Index many = 1000;         // operations in a row, worth a team
constexpr Index large = 10'000'000;  // operations, enough to be shared out

/// How often `parallel_for` did each item.
std::vector<int> visits(Index count, Index work) {
  std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
  parallel_for(count, work, [&](Index i) { ++seen[static_cast<std::size_t>(i)]; });
  return {seen.begin(), seen.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parallel)

BOOST_AUTO_TEST_CASE(every_item_is_done_once) {
  for (const int count : {1, 2, 3, 7}) {
    const Threads some(count);
    for (const Index items : {0, 1, 2, 5, 16, 1000, 3'000'000})
      BOOST_TEST((visits(items, large) == std::vector<int>(static_cast<std::size_t>(items), 1)));
  }
}

BOOST_AUTO_TEST_CASE(a_team_does_many_jobs_one_after_the_other) {
  const Threads three(3);
  constexpr Index items = 24;
  std::vector<double> values(items, 1);
  with_team(many, [&] {
    for (int job = 0; job < 20'000; ++job) {
      // Each item needs its neighbour's of the job before: a job that began early would be seen.
      std::vector<double> next(items);
      parallel_for(items, large, [&](Index i) {
        next[static_cast<std::size_t>(i)] = values[static_cast<std::size_t>((i + 1) % items)] + 1;
      });
      values.swap(next);
    }
  });
  BOOST_TEST((values == std::vector<double>(items, 20'001)));
}

BOOST_AUTO_TEST_CASE(other_threads_take_part) {
  const Threads two(2);
  std::atomic<bool> helped = false;
  const auto leader = std::this_thread::get_id();
  with_team(many, [&] {
    // On a busy machine the second thread may be late, so there is work until it comes.
    for (int job = 0; job < 1000 && !helped; ++job)
      parallel_for(2, large, [&](Index) {
        if (std::this_thread::get_id() != leader) helped = true;
        else std::this_thread::sleep_for(std::chrono::milliseconds(1));
      });
  });
  BOOST_TEST(helped.load());
}

BOOST_AUTO_TEST_CASE(items_are_not_divided_further) {
  const Threads two(2);
  std::atomic<int> inner = 0;
  std::atomic<bool> alone = true;
  parallel_for(4, large, [&](Index) {
    alone = alone && useful_threads(1000, large) == 1;
    parallel_for(10, large, [&](Index) { ++inner; });
    with_team(many, [&] { ++inner; });
  });
  BOOST_TEST(inner.load() == 44);
  BOOST_TEST(alone.load());
}

BOOST_AUTO_TEST_CASE(errors_leave_the_team) {
  const Threads two(2);
  BOOST_CHECK_THROW(with_team(many, [] { fail<ValueError>("parallel_test: {}", 1); }), ValueError);
  BOOST_TEST((visits(10, large) == std::vector<int>(10, 1)));
  BOOST_CHECK_THROW(set_threads(0), ValueError);
}

BOOST_AUTO_TEST_CASE(threads_that_do_not_come_are_not_waited_for) {
  const Threads two(2);
  const int levels = omp_get_max_active_levels();
  omp_set_max_active_levels(0);  // OpenMP gives a region one thread, whatever it is asked for
  std::vector<int> seen(10);
  int* const data = seen.data();
  with_team(many, [&] {
    BOOST_TEST(detail::row_phase(10, large) == 0);
    parallel_for(10, large, [&](Index i) { ++data[i]; });
    detail::settle_rows();
  });
  omp_set_max_active_levels(levels);
  BOOST_TEST((seen == std::vector<int>(10, 1)));
}

BOOST_AUTO_TEST_CASE(small_work_stays_on_one_thread) {
  const Threads two(2);
  BOOST_TEST(useful_threads(1000, 10) == 1);
  BOOST_TEST(useful_threads(1, large) == 1);
  BOOST_TEST(useful_threads(1000, large) == 2);
  with_team(many, [] {
    BOOST_TEST(useful_threads(1000, 10) == 1);
    BOOST_TEST(useful_threads(1000, 1000) == 2);
  });
  // For a few operations no team is called, so that only a large one of them is shared out.
  with_team(3, [] {
    BOOST_TEST(useful_threads(1000, 1000) == 1);
    BOOST_TEST(useful_threads(1000, large) == 2);
  });
}

BOOST_AUTO_TEST_SUITE_END()
