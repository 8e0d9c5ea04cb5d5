#include <recur/train/loop/batch_scores.h>

namespace recur {

double mean_score(World* world, Index batches, MetricList metrics, BatchesInTurn turn,
                  const std::function<BatchScore(Index)>& score) {
  const bool divided = turn == BatchesInTurn::yes && world != nullptr && world->size() > 1;
  const Share share = divided ? world->share() : Share();
  const auto body = [&] {
    std::vector<double> sums;  // of each batch: loss and weight, then sum and weight of each metric
    for (Index i = share.rank; i < batches; i += share.ranks) {
      for (const auto& metric : metrics) metric->reset();
      const BatchScore own = score(i);
      sums.insert(sums.end(), {own.loss, own.weight});
      for (const auto& metric : metrics) sums.insert(sums.end(), {metric->sum(), metric->weight()});
    }
    return sums;
  };
  std::vector<std::vector<double>> all;
  if (divided) all = world->gather(std::span<const double>(world->together(body)));
  else all.push_back(body());
  MeanMetric mean;
  for (const auto& metric : metrics) metric->reset();
  for (Index i = 0; i < batches; ++i) {
    const double* next = all[static_cast<std::size_t>(i % share.ranks)].data() +
                         i / share.ranks * static_cast<Index>(2 + 2 * metrics.size());
    if (next[1] > 0) mean.update(next[0], next[1]);
    for (const auto& metric : metrics) {
      next += 2;
      metric->add(next[0], next[1]);
    }
  }
  return mean.result();
}

}  // namespace recur
