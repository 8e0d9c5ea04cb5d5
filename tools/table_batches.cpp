#include "table_batches.h"

#include <recur/framework/tensor/random.h>

#include <algorithm>

namespace recur::tools {

TableBatches::TableBatches(const TableWindows& windows, std::vector<WindowEnd> ends, TableBatchOptions options)
    : windows_(windows), ends_(std::move(ends)), order_(ends_), options_(options) {}

Index TableBatches::pieces() const {
  if (options_.truncate == 0) return 1;
  const TableWindowOptions& window = windows_.options();
  return (window.length - window.warm_up + options_.truncate - 1) / options_.truncate;
}

Index TableBatches::size() const {
  return (static_cast<Index>(order_.size()) + options_.batch - 1) / options_.batch * pieces();
}

std::span<const WindowEnd> TableBatches::ends(Index index) const {
  const auto first = static_cast<std::size_t>(index / pieces() * options_.batch);
  return std::span(order_).subspan(first, std::min(static_cast<std::size_t>(options_.batch), order_.size() - first));
}

TableSteps TableBatches::steps(Index index, std::span<const WindowEnd> ends) const {
  if (options_.truncate == 0) return {windows_.gather(ends)};
  const TableWindowOptions& window = windows_.options();
  const Index first = window.warm_up + index % pieces() * options_.truncate;
  TableSteps result{windows_.gather_steps(ends, first, std::min(first + options_.truncate, window.length))};
  result.begins = index % pieces() == 0;
  if (result.begins && window.warm_up > 0) result.warm_up = windows_.gather_steps(ends, 0, window.warm_up).inputs;
  return result;
}

TableSteps TableBatches::share(Index index, const Share& share) const {
  const auto all = ends(index);
  const auto rows = static_cast<Index>(all.size());
  return steps(index,
               all.subspan(static_cast<std::size_t>(share.first(rows)), static_cast<std::size_t>(share.count(rows))));
}

void TableBatches::start_epoch(Index epoch) {
  order_ = ends_;
  if (options_.shuffle) Generator(*options_.shuffle).fork(static_cast<std::uint64_t>(epoch)).shuffle(order_);
}

}  // namespace recur::tools
