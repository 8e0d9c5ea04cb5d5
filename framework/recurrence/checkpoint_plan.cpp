#include <recur/framework/recurrence/checkpoint_plan.h>

#include <recur/framework/tensor/error.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace recur {
namespace {

// n over k; as a double, so that large ones do no harm.
double binomial(Index n, Index k) {
  if (k < 0 || k > n) return 0;
  double result = 1;
  for (Index i = 1; i <= std::min(k, n - k); ++i) {
    result = std::round(result * static_cast<double>(n - std::min(k, n - k) + i) / static_cast<double>(i));
    if (result > 1e15) return 1e15;
  }
  return result;
}

// How often a block is advanced over at most, with so many states, the first included.
Index repetitions(Index blocks, Index states) {
  Index r = 0;
  while (binomial(states + r, states) < static_cast<double>(blocks)) ++r;
  return r;
}

// Without room a run is begun anew from its first states for every block.
double without_room(Index blocks) { return 0.5 * static_cast<double>(blocks) * static_cast<double>(blocks + 1); }

CheckpointCut cut_of_states(Index blocks, Index left) {
  if (left == 0) return {blocks - 1, false};
  // With s states, s over s + r blocks can be gone back through by r repetitions. Any cut is best that leaves so many
  // to the right with one state and to the left with one repetition less.
  const Index s = left + 1;
  const Index r = repetitions(blocks, s);
  const double least =
      std::max({1.0, binomial(s + r - 2, s), static_cast<double>(blocks) - binomial(s + r - 1, s - 1)});
  return {static_cast<Index>(least), false};
}

}  // namespace

double CheckpointPlan::forwards_of_states(Index blocks, Index units) {
  if (blocks <= 0) return 0;
  if (units == 0) return without_room(blocks);
  const Index s = units + 1;
  const Index r = repetitions(blocks, s);
  return static_cast<double>(blocks) * static_cast<double>(r + 1) - binomial(s + r, s + 1);
}

CheckpointPlan::CheckpointPlan(CheckpointStrategy strategy, Index blocks, Index units, Index block_units)
    : view_{strategy, units, block_units, {}} {
  require<ValueError>(blocks >= 1 && units >= 0 && block_units >= 1,
                      "CheckpointPlan: {} blocks, room for {} units, {} units a recorded block", blocks, units,
                      block_units);
  if (strategy == CheckpointStrategy::states) {
    view_.units = std::min(units, blocks - 1);
    forwards_ = forwards_of_states(blocks, view_.units);
    return;
  }
  require<ValueError>(blocks <= most_blocks, "CheckpointPlan: {} blocks, at most {} where activations are stored",
                      blocks, most_blocks);
  view_.units = std::min({units, (blocks - 1) * block_units, most_units});
  tabulate(blocks);
}

void CheckpointPlan::tabulate(Index blocks) {
  const Index width = view_.units + 1;
  const auto at = [&](Index n, Index m) { return static_cast<std::size_t>(n * width + m); };
  std::vector<double> cost(at(blocks + 1, 0));
  cuts_.assign(cost.size(), 0);
  for (Index n = 1; n <= blocks; ++n)
    for (Index m = 0; m < width; ++m) {
      double best = n == 1 ? 1 : without_room(n);
      Index cut = n - 1;
      const auto consider = [&](double forwards, Index y) {
        if (forwards >= best) return;
        best = forwards;
        cut = y;
      };
      for (Index y = 1; y < n; ++y) {
        const auto steps = static_cast<double>(y);
        if (m >= view_.block_units) consider(steps + cost[at(n - y, m - view_.block_units)] + cost[at(y - 1, m)], -y);
        if (m >= 1 && view_.strategy == CheckpointStrategy::mixed)
          consider(steps + cost[at(n - y, m - 1)] + cost[at(y, m)], y);
      }
      cost[at(n, m)] = best;
      cuts_[at(n, m)] = static_cast<std::int16_t>(cut);
    }
  forwards_ = cost[at(blocks, view_.units)];
}

double CheckpointPlan::forwards() const { return forwards_; }

CheckpointCut CheckpointPlan::View::cut(Index blocks, Index left) const {
  if (strategy == CheckpointStrategy::states) return cut_of_states(blocks, left);
  const Index cut = cuts[static_cast<std::size_t>(blocks * (units + 1) + left)];
  return {std::abs(cut), cut < 0};
}

}  // namespace recur
