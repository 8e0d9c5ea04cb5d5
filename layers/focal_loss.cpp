#include <recur/layers/focal_loss.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/softmax.h>

#include <algorithm>
#include <vector>

namespace recur {

Var focal_loss(Var logits, std::span<const std::int32_t> targets, double gamma, std::span<const float> weights) {
  const Index classes = logits.shape().cols(), rows = logits.shape().count() / classes;
  require(static_cast<Index>(targets.size()) == rows && (weights.empty() || weights.size() == targets.size()),
          "focal_loss: {} targets and {} weights for logits {}", targets.size(), weights.size(), logits.shape());
  require<ValueError>(gamma >= 0, "focal_loss: gamma must not be negative, got {}", gamma);
  std::vector<double> chosen(static_cast<std::size_t>(rows * classes)), factors(static_cast<std::size_t>(rows), 1.0);
  std::ranges::copy(weights, factors.begin());
  for (Index row = 0; row < rows; ++row) {
    const std::int32_t target = targets[static_cast<std::size_t>(row)];
    if (factors[static_cast<std::size_t>(row)] == 0) continue;
    require<ValueError>(target >= 0 && target < classes, "focal_loss: class {} in row {}, of {} classes", target, row,
                        classes);
    chosen[static_cast<std::size_t>(row * classes + target)] = 1;
  }
  const auto counted = std::ranges::count_if(factors, [](double w) { return w != 0; });
  Tape& tape = logits.tape();
  const Var log_p =
      sum(Var(log_softmax(reshape(logits, {rows, classes})) * tape.constant({rows, classes}, chosen)), 1, true);
  const Var each = fuse(
      [gamma](auto l, auto w) {
        constexpr double least = 1e-7;  // where p is 1, a power below 1 has no slope
        return 0.0 - w * pow(max(1.0 - exp(l), least), gamma) * l;
      },
      log_p, tape.constant({rows, 1}, factors));
  return sum(each) * (counted > 0 ? 1 / static_cast<double>(counted) : 0.0);
}

}  // namespace recur
