#include "support.h"

#include <recur/framework/threads/team.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace recur;
using namespace recur::detail;

namespace {

/// How often each chunk is done by a job for so many threads.
std::vector<int> visits(Team& team, Index chunks, int threads, bool long_chunks = false) {
  std::vector<std::atomic<int>> seen(static_cast<std::size_t>(chunks));
  const auto body = [&](Index chunk) { ++seen[static_cast<std::size_t>(chunk)]; };
  team.run({task_of(body), chunks, threads, long_chunks});
  return {seen.begin(), seen.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(team)

BOOST_AUTO_TEST_CASE(chunks_are_done_once_by_more_threads_than_processors) {
  Team team;
  for (const int threads : {1, 8, 2, 5}) {
    for (const bool awake : {false, true}) {
      team.stay_awake(awake);
      for (int job = 0; job < 500; ++job)
        for (const Index chunks : {1, 3, 16, 100})
          BOOST_TEST((visits(team, chunks, threads, awake) == std::vector<int>(static_cast<std::size_t>(chunks), 1)));
    }
  }
}

BOOST_AUTO_TEST_CASE(members_are_woken_from_sleep) {
  Team team;
  for (int job = 0; job < 50; ++job) {
    std::this_thread::sleep_for(std::chrono::microseconds(job * 20));  // about when they go to sleep, too
    BOOST_TEST((visits(team, 8, 4) == std::vector<int>(8, 1)));
  }
}

BOOST_AUTO_TEST_CASE(members_that_have_begun_are_waited_for) {
  Team team;
  for (int job = 0; job < 20; ++job) {
    std::atomic<int> done = 0;
    const auto leader = std::this_thread::get_id();
    const auto body = [&](Index) {
      if (std::this_thread::get_id() != leader) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ++done;
    };
    team.run({task_of(body), 4, 4, true});
    BOOST_TEST(done.load() == 4);
  }
}

BOOST_AUTO_TEST_CASE(one_thread_leads_at_a_time) {
  Team team;
  BOOST_TEST(team.try_lead());
  BOOST_TEST(!team.try_lead());
  team.stop_leading();
  BOOST_TEST(team.try_lead());
  team.stop_leading();
}

BOOST_AUTO_TEST_CASE(a_closed_team_works_with_its_leader_alone) {
  Team team;
  BOOST_TEST((visits(team, 8, 4) == std::vector<int>(8, 1)));
  team.close();
  const auto leader = std::this_thread::get_id();
  bool elsewhere = false;
  const auto body = [&](Index) { elsewhere = elsewhere || std::this_thread::get_id() != leader; };
  team.run({task_of(body), 8, 4, false});
  BOOST_TEST(!elsewhere);
  team.close();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(back_off)

BOOST_AUTO_TEST_CASE(after_a_loss_the_leader_is_alone_for_a_while_and_longer_each_time) {
  using namespace std::chrono_literals;
  const auto time_alone = [](BackOff& back_off) {
    const auto begin = BackOff::Clock::now();
    while (back_off.alone()) std::this_thread::sleep_for(100us);
    return BackOff::Clock::now() - begin;
  };
  BackOff back_off;
  BOOST_TEST(!back_off.alone());
  back_off.lost(1ms);
  BOOST_TEST((time_alone(back_off) >= 7ms));  // eight times as long, but for what has passed before it was measured
  back_off.lost(1us);
  BOOST_TEST((time_alone(back_off) >= 15ms));
  back_off.lost(1us);
  BOOST_TEST((time_alone(back_off) >= 31ms));
  std::this_thread::sleep_for(40ms);  // nothing lost for longer than the last pause
  BOOST_TEST(!back_off.alone());
  const auto begin = BackOff::Clock::now();
  back_off.lost(1us);
  const auto alone = time_alone(back_off);
  BOOST_TEST((alone < 20ms || BackOff::Clock::now() - begin > 40ms));  // unless this thread had no processor meanwhile
}

BOOST_AUTO_TEST_CASE(no_pause_is_longer_than_a_second) {
  BackOff back_off;
  back_off.lost(std::chrono::hours(1));
  BOOST_TEST(back_off.alone());
  std::this_thread::sleep_for(std::chrono::milliseconds(1001));
  BOOST_TEST(!back_off.alone());
}

BOOST_AUTO_TEST_SUITE_END()
