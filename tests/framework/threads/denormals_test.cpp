#include "support.h"

#include <recur/framework/threads/denormals.h>
#include <recur/framework/threads/processors.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>
#include <vector>

using namespace recur;
using namespace recur::test;

namespace {

float smallest() {
  volatile float x = std::numeric_limits<float>::min();
  x = x * 0.5F;
  return x;
}

/// Whether this thread keeps denormals, found out by arithmetic.
bool keeps() { return smallest() != 0; }

/// Keeps denormals in passes for one test.
class KeptInPasses {
 public:
  KeptInPasses() { flush_denormals(false); }
  ~KeptInPasses() { flush_denormals(true); }
  KeptInPasses(const KeptInPasses&) = delete;
  KeptInPasses& operator=(const KeptInPasses&) = delete;
};

const bool possible = flush_denormals(true);

}  // namespace

BOOST_AUTO_TEST_SUITE(denormals)

BOOST_AUTO_TEST_CASE(passes_flush_them_and_give_the_mode_back) {
  BOOST_TEST(flushes_denormals() == possible);
  BOOST_TEST(keeps());
  for (const Index operations : {1, 1000}) {
    bool kept = false;
    with_team(operations, [&] { kept = keeps(); });
    BOOST_TEST(kept == !possible);
    BOOST_TEST(keeps());
    BOOST_CHECK_THROW(with_team(operations, [] { fail<ValueError>("denormals_test"); }), ValueError);
    BOOST_TEST(keeps());
  }
}

BOOST_AUTO_TEST_CASE(the_process_can_keep_them) {
  const KeptInPasses switched_off;
  BOOST_TEST(!flushes_denormals());
  bool here = false, in_thread = false;
  with_team(1000, [&] { here = keeps(); });
  std::thread([&] { with_team(1000, [&] { in_thread = keeps(); }); }).join();
  BOOST_TEST(here);
  BOOST_TEST(in_thread);
}

BOOST_AUTO_TEST_CASE(a_caller_that_flushes_them_anyway_still_does) {
  const KeptInPasses switched_off;
  const detail::DenormalMode flushing(true);
  BOOST_TEST(detail::thread_flushes_denormals() == possible);
  bool kept = false;
  with_team(1000, [&] { kept = keeps(); });
  BOOST_TEST(kept == !possible);
  BOOST_TEST(detail::thread_flushes_denormals() == possible);
  const detail::DenormalMode keeping(false);
  BOOST_TEST(keeps());
}

BOOST_AUTO_TEST_CASE(threads_that_share_work_do_as_the_one_that_began_it) {
  const Threads two(2);
  const auto all = [](bool in_shares) {
    std::vector<int> kept(64);
    std::vector<std::thread::id> by(kept.size());
    const auto body = [&](Index i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the other thread gets some too
      kept[static_cast<std::size_t>(i)] = keeps() ? 1 : 0;
      by[static_cast<std::size_t>(i)] = std::this_thread::get_id();
    };
    if (in_shares) run_shares(std::ssize(kept), body);
    else parallel_for(std::ssize(kept), 10'000'000, body);
    if (detail::usable_processors() > 1) BOOST_TEST(std::ranges::count(by, by[0]) < std::ssize(by));
    return std::ranges::count(kept, 1);
  };
  BOOST_TEST(all(false) == 64);  // outside of a pass: as the caller does
  BOOST_TEST(all(true) == (possible ? 0 : 64));
  {
    const detail::DenormalMode flushing(true);
    BOOST_TEST(all(false) == (possible ? 0 : 64));
  }
  BOOST_TEST(all(false) == 64);
  const KeptInPasses switched_off;
  BOOST_TEST(all(true) == 64);
}

BOOST_AUTO_TEST_SUITE_END()
