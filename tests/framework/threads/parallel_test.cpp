#include "support.h"

#include <recur/framework/tensor/error.h>
#include <recur/framework/threads/parallel.h>
#include <recur/framework/threads/processors.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
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

/// Whether another thread takes items of a `parallel_for`. On a busy machine it may be late, so there is work until it
/// comes, for 10 s.
bool is_helped() {
  std::atomic<bool> helped = false;
  const auto leader = std::this_thread::get_id();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!helped && std::chrono::steady_clock::now() < end)
    parallel_for(2, large, [&](Index) {
      if (std::this_thread::get_id() != leader) helped = true;
      else std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  return helped;
}

bool has_processors() { return detail::usable_processors() > 1; }

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
  if (!has_processors()) return;
  const Threads two(2);
  BOOST_TEST(is_helped());
  bool helped = false;
  with_team(many, [&] { helped = is_helped(); });
  BOOST_TEST(helped);
}

BOOST_AUTO_TEST_CASE(items_are_not_divided_further) {
  const Threads two(2);
  std::atomic<int> inner = 0;
  std::atomic<bool> alone = true;
  parallel_for(4, large, [&](Index) {
    alone = alone && detail::inside_share() && useful_threads(1000, large) == 1 && threads_for_pass(large) == 1;
    parallel_for(10, large, [&](Index) { ++inner; });
    with_team(many, [&] { ++inner; });
    run_shares(3, [&](Index) { ++inner; });
  });
  BOOST_TEST(inner.load() == 56);
  BOOST_TEST(alone.load());
  BOOST_TEST(!detail::inside_share());
}

BOOST_AUTO_TEST_CASE(errors_leave_the_team) {
  const Threads two(2);
  BOOST_CHECK_THROW(with_team(many, [] { fail<ValueError>("parallel_test: {}", 1); }), ValueError);
  BOOST_TEST((visits(10, large) == std::vector<int>(10, 1)));
}

BOOST_AUTO_TEST_CASE(the_error_of_the_lowest_item_comes_out) {
  for (const int count : {1, 2, 7}) {
    const Threads some(count);
    for (int round = 0; round < 200; ++round) {
      const Index bad = round * 37 % 64;
      std::atomic<int> running = 0;
      try {
        parallel_for(64, large, [&](Index i) {
          ++running;
          if (i >= bad) {
            --running;
            throw std::out_of_range(std::to_string(i));
          }
          --running;
        });
        BOOST_TEST(false, "no error with " << count << " threads");
      } catch (const std::out_of_range& error) {
        BOOST_TEST(error.what() == std::to_string(bad));
      }
      BOOST_TEST(running.load() == 0);
    }
    BOOST_TEST((visits(10, large) == std::vector<int>(10, 1)));
  }
}

BOOST_AUTO_TEST_CASE(a_second_leader_does_its_work_alone) {
  const Threads two(2);
  with_team(many, [&] {
    // This thread has the team for as long as the other one runs: it must not wait for it.
    std::thread([&] {
      const auto self = std::this_thread::get_id();
      bool elsewhere = false, divided = true;
      with_team(many, [&] {
        for (int job = 0; job < 100; ++job) {
          divided = divided && useful_threads(10, large) == 2;  // as with the team: what depends on it is the same
          parallel_for(10, large, [&](Index) {
            elsewhere = elsewhere || std::this_thread::get_id() != self;
            divided = divided && useful_threads(10, large) == 1;
          });
        }
      });
      parallel_for(10, large, [&](Index) { elsewhere = elsewhere || std::this_thread::get_id() != self; });
      run_shares(10, [&](Index) { elsewhere = elsewhere || std::this_thread::get_id() != self; });
      BOOST_TEST(!elsewhere);
      BOOST_TEST(divided);
    }).join();
  });
}

BOOST_AUTO_TEST_CASE(leaders_may_come_from_any_thread) {
  const Threads three(3);
  std::vector<std::thread> leaders;
  std::atomic<int> wrong = 0;
  for (int leader = 0; leader < 4; ++leader)
    leaders.emplace_back([&] {
      for (int job = 0; job < 300; ++job)
        if (visits(20, large) != std::vector<int>(20, 1)) ++wrong;
    });
  for (std::thread& leader : leaders) leader.join();
  BOOST_TEST(wrong.load() == 0);
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

BOOST_AUTO_TEST_CASE(a_number_that_was_chosen_holds_for_small_passes_too) {
  const Threads two(2);
  BOOST_TEST(threads_for_pass(1) == 2);
  BOOST_TEST(threads_for_pass(1000 * large) == 2);
}

BOOST_AUTO_TEST_SUITE_END()
