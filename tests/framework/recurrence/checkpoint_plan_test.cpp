#include <recur/framework/recurrence/checkpoint_plan.h>
#include <recur/framework/tensor/error.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <utility>

using namespace recur;

namespace {

// The recurrence in the header, word for word.
class Recurrence {
 public:
  Recurrence(CheckpointStrategy strategy, Index block_units) : strategy_(strategy), block_units_(block_units) {}

  double operator()(Index n, Index m) {
    if (n == 0) return 0;
    const auto found = known_.find({n, m});
    if (found != known_.end()) return found->second;
    const auto blocks = static_cast<double>(n);
    double best = n == 1 ? 1 : blocks * (blocks + 1) / 2;
    for (Index y = 1; y < n; ++y) {
      const auto steps = static_cast<double>(y);
      if (m >= 1 && strategy_ != CheckpointStrategy::activations)
        best = std::min(best, steps + (*this)(n - y, m - 1) + (*this)(y, m));
      if (m >= block_units_ && strategy_ != CheckpointStrategy::states)
        best = std::min(best, steps + (*this)(n - y, m - block_units_) + (*this)(y - 1, m));
    }
    return known_[{n, m}] = best;
  }

 private:
  CheckpointStrategy strategy_;
  Index block_units_;
  std::map<std::pair<Index, Index>, double> known_;
};

// What following the plan costs, and the most that is stored on the way.
struct Follower {
  CheckpointPlan::View plan;
  double forwards = 0;
  Index most_used = 0;

  void go(Index blocks, Index left) {
    most_used = std::max(most_used, plan.units - left);
    if (blocks == 0) return;
    if (blocks == 1) {
      forwards += 1;
      return;
    }
    const CheckpointCut cut = plan.cut(blocks, left);
    BOOST_REQUIRE(cut.blocks >= 1 && cut.blocks < blocks);
    forwards += static_cast<double>(cut.blocks);
    go(blocks - cut.blocks, std::max<Index>(0, left - plan.cost_of(cut)));
    go(cut.activations ? cut.blocks - 1 : cut.blocks, left);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_plan)

BOOST_AUTO_TEST_CASE(costs_are_least_and_what_following_the_plan_costs) {
  for (const auto strategy : {CheckpointStrategy::states, CheckpointStrategy::activations, CheckpointStrategy::mixed})
    for (const Index block_units : {1, 3}) {
      if (strategy != CheckpointStrategy::mixed && block_units != 1) continue;
      Recurrence least(strategy, block_units);
      for (Index n = 1; n <= 40; ++n)
        for (Index m = 0; m <= 12; ++m) {
          const CheckpointPlan plan(strategy, n, m, block_units);
          BOOST_TEST(plan.forwards() == least(n, m), n << " blocks, " << m << " units");
          Follower follower{plan.view()};
          follower.go(n, plan.units());
          BOOST_TEST(follower.forwards == plan.forwards(), n << " blocks, " << m << " units");
          BOOST_TEST(follower.most_used <= m);
        }
    }
}

BOOST_AUTO_TEST_CASE(known_costs) {
  // Nothing stored: every block from the start. All states stored: one computation more for each but the last.
  BOOST_TEST(CheckpointPlan(CheckpointStrategy::states, 10, 0).forwards() == 55);
  BOOST_TEST(CheckpointPlan(CheckpointStrategy::states, 10, 9).forwards() == 19);
  BOOST_TEST(CheckpointPlan(CheckpointStrategy::activations, 10, 9).forwards() == 10);
  // Logarithmic memory: 10 stored states go back through a million steps with each computed about eight times.
  const double forwards = CheckpointPlan(CheckpointStrategy::states, 1'000'000, 10).forwards();
  BOOST_TEST(forwards > 10e6);
  BOOST_TEST(forwards < 16e6);
}

BOOST_AUTO_TEST_CASE(mixed_is_never_worse) {
  for (const Index m : {2, 5, 9, 20}) {
    const double mixed = CheckpointPlan(CheckpointStrategy::mixed, 50, m, 4).forwards();
    BOOST_TEST(mixed <= CheckpointPlan(CheckpointStrategy::states, 50, m).forwards());
    BOOST_TEST(mixed <= CheckpointPlan(CheckpointStrategy::activations, 50, m / 4).forwards());
  }
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_are_errors) {
  BOOST_CHECK_THROW(CheckpointPlan(CheckpointStrategy::states, 0, 1), ValueError);
  BOOST_CHECK_THROW(CheckpointPlan(CheckpointStrategy::states, 3, -1), ValueError);
  BOOST_CHECK_THROW(CheckpointPlan(CheckpointStrategy::mixed, 3, 1, 0), ValueError);
  BOOST_CHECK_THROW(CheckpointPlan(CheckpointStrategy::mixed, 1000, 1), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
