#include <recur/framework/ops/loss_reduction.h>

#include <algorithm>
#include <numeric>

namespace recur::detail {
namespace {

double divisor(const RowLosses& rows, Index count) {
  if (rows.reduction == Reduction::sum || rows.reduction == Reduction::none) return 1;
  if (rows.weights.empty()) return static_cast<double>(count);
  if (rows.reduction == Reduction::weighted_mean) return std::accumulate(rows.weights.begin(), rows.weights.end(), 0.0);
  return static_cast<double>(std::count_if(rows.weights.begin(), rows.weights.end(), [](float w) { return w != 0; }));
}

}  // namespace

RowLosses row_losses(const char* function, Var logits, const CrossEntropyOptions& options) {
  require(logits.shape().rank() >= 1 && logits.cols() > 0, "{}: logits {} have no classes", function, logits.shape());
  require<ValueError>(options.label_smoothing >= 0 && options.label_smoothing <= 1,
                      "{}: label smoothing {} is not within [0, 1]", function, options.label_smoothing);
  const Index count = logits.rows();
  require(options.weights.empty() || static_cast<Index>(options.weights.size()) == count,
          "{}: {} weights for the {} rows of logits {}", function, options.weights.size(), count, logits.shape());
  RowLosses rows;
  rows.reduction = options.reduction;
  if (!options.weights.empty()) {
    const auto copy = logits.tape().scratch<float>(count);
    std::copy(options.weights.begin(), options.weights.end(), copy.begin());
    rows.weights = copy;
  }
  const double by = divisor(rows, count);
  rows.scale = by == 0 ? 0 : 1 / by;
  return rows;
}

Var loss_output(Var logits, const RowLosses& rows, bool wanted) {
  return logits.tape().output(rows.reduction == Reduction::none ? logits.shape().without(-1) : Shape{}, wanted);
}

template <Scalar T>
void reduce_losses(std::span<const T> losses, const RowLosses& rows, Var loss) {
  T* const to = loss.mutable_value<T>().data;
  SumOf<T> total = 0;
  for (std::size_t r = 0; r < losses.size(); ++r) {
    const auto row = static_cast<Index>(r);
    const SumOf<T> weighted = rows.masked(row) ? 0 : rows.weight(row) * static_cast<SumOf<T>>(losses[r]);
    if (rows.reduction == Reduction::none) to[r] = static_cast<T>(weighted);
    total += weighted;
  }
  if (rows.reduction != Reduction::none) *to = static_cast<T>(total * rows.scale);
}

template void reduce_losses<float>(std::span<const float>, const RowLosses&, Var);
template void reduce_losses<double>(std::span<const double>, const RowLosses&, Var);
template void reduce_losses<Dual>(std::span<const Dual>, const RowLosses&, Var);

}  // namespace recur::detail
