#pragma once

#include <recur/train/loop/metrics.h>
#include <recur/train/loop/world.h>

#include <functional>
#include <memory>
#include <span>

namespace recur {

/// Metrics that a loss function updates.
using MetricList = std::span<const std::unique_ptr<Metric>>;

/// Whether ranks evaluate batches in turn, or every rank evaluates all batches.
enum class BatchesInTurn : bool { no, yes };

/// The loss of a batch, and its weight in means over batches.
struct BatchScore {
  double loss = 0;
  double weight = 0;
};

/// Returns the mean of `score(batch)` over all batches; NaN if none counts. `score` updates the metrics, whose results
/// are over all batches afterwards. Sums are in the order of batches, so that they have the bits of one process
/// whatever the number of ranks. @param world null: this process alone
[[nodiscard]] double mean_score(World* world, Index batches, MetricList metrics, BatchesInTurn turn,
                                const std::function<BatchScore(Index)>& score);

}  // namespace recur
