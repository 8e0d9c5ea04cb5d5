#include "support.h"

#include <recur/framework/tensor/error.h>
#include <recur/framework/threads/parallel.h>
#include <recur/framework/threads/processors.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace recur;
using namespace recur::test;

namespace {

std::vector<int> visits(Index shares) {
  std::vector<std::atomic<int>> seen(static_cast<std::size_t>(shares));
  run_shares(shares, [&](Index share) { ++seen[static_cast<std::size_t>(share)]; });
  return {seen.begin(), seen.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shares)

BOOST_AUTO_TEST_CASE(each_is_carried_out_once) {
  for (const int count : {1, 2, 3, 7}) {
    const Threads some(count);
    for (int round = 0; round < 500; ++round)
      for (const Index number : {0, 1, 2, 3, 7, 16})
        BOOST_TEST((visits(number) == std::vector<int>(static_cast<std::size_t>(number), 1)));
  }
  BOOST_CHECK_THROW(run_shares(-1, [](Index) {}), ValueError);
}

BOOST_AUTO_TEST_CASE(what_shares_write_is_there_afterwards) {
  const Threads three(3);
  std::vector<double> sums(16);
  for (int pass = 0; pass < 2000; ++pass)
    run_shares(16, [&](Index share) { sums[static_cast<std::size_t>(share)] += static_cast<double>(share); });
  for (std::size_t share = 0; share < sums.size(); ++share)
    BOOST_TEST(sums[share] == 2000.0 * static_cast<double>(share));
}

BOOST_AUTO_TEST_CASE(several_threads_take_part) {
  if (detail::usable_processors() < 2) return;
  const Threads two(2);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  bool both = false;
  while (!both && std::chrono::steady_clock::now() < end) {
    std::vector<std::thread::id> by(2);
    run_shares(2, [&](Index share) {
      by[static_cast<std::size_t>(share)] = std::this_thread::get_id();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    });
    both = by[0] != by[1];
  }
  BOOST_TEST(both);
}

BOOST_AUTO_TEST_CASE(nothing_in_them_is_divided) {
  const Threads two(2);
  std::atomic<int> divided = 0;
  run_shares(3, [&](Index) {
    if (!detail::inside_share() || useful_threads(1000, 10'000'000) != 1) ++divided;
    with_team(1000, [&] {
      if (useful_threads(1000, 10'000'000) != 1) ++divided;
    });
    run_shares(3, [&](Index) {
      if (useful_threads(1000, 10'000'000) != 1) ++divided;
    });
  });
  BOOST_TEST(divided.load() == 0);
}

BOOST_AUTO_TEST_CASE(all_finish_before_the_error_of_the_lowest_comes_out) {
  for (const int count : {1, 2, 7}) {
    const Threads some(count);
    for (int round = 0; round < 100; ++round) {
      std::atomic<int> finished = 0;
      try {
        run_shares(7, [&](Index share) {
          ++finished;
          if (share == 3 || share == 5) throw std::out_of_range(std::to_string(share));
        });
        BOOST_TEST(false, "no error with " << count << " threads");
      } catch (const std::out_of_range& error) {
        BOOST_TEST(error.what() == std::string("3"));
      }
      BOOST_TEST(finished.load() == 7);
    }
  }
}

BOOST_AUTO_TEST_CASE(they_may_be_run_where_a_team_stands_by) {
  const Threads two(2);
  with_team(1000, [] { BOOST_TEST((visits(7) == std::vector<int>(7, 1))); });
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_may_change_between_them) {
  for (const int count : {1, 8, 2, 16, 3}) {
    const Threads some(count);
    BOOST_TEST((visits(16) == std::vector<int>(16, 1)));
    BOOST_TEST((visits(2) == std::vector<int>(2, 1)));
  }
}

BOOST_AUTO_TEST_CASE(a_child_of_fork_carries_them_out_alone) {
  const Threads two(2);
  BOOST_TEST((visits(4) == std::vector<int>(4, 1)));  // the team is there
  const auto in_child = [](auto work) {
    const pid_t child = ::fork();
    BOOST_TEST_REQUIRE(child >= 0);
    if (child == 0) {
      ::alarm(60);  // ends a child that hangs
      ::_exit(work() ? 0 : 1);
    }
    int status = -1;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
  };
  const auto works = [] {
    std::atomic<int> items = 0;
    with_team(1000, [&] { parallel_for(10, 10'000'000, [&](Index) { ++items; }); });
    parallel_for(10, 10'000'000, [&](Index) { ++items; });
    set_threads(7);
    parallel_for(10, 10'000'000, [&](Index) { ++items; });
    return items == 30 && visits(7) == std::vector<int>(7, 1);
  };
  in_child(works);
  with_team(1000, [&] { in_child(works); });
  std::thread([&] { in_child(works); }).join();
  BOOST_TEST((visits(4) == std::vector<int>(4, 1)));  // the parent has it still
}

BOOST_AUTO_TEST_SUITE_END()
