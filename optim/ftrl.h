#pragma once

#include <recur/optim/link.h>

namespace recur::optim {

struct FtrlRuleOptions {
  double learning_rate_power = -0.5;  ///< At most 0; 0: the learning rate does not fall with the gradients so far.
  double initial_accumulator = 0.1;
  double l1 = 0;  ///< Sets values to zero that are worth less.
  double l2 = 0;  ///< Pulls towards zero.
  double l2_shrinkage =
      0;            ///< The same as a penalty of the loss, l2_shrinkage · value², which the accumulator does not see.
  double beta = 0;  ///< Added to the root of the accumulator, for a power of -0.5.
};

/// Follow the regularized leader (McMahan et al. 2013), with p = -learning_rate_power, α the learning rate and w the
/// value: s = g + 2 l2_shrinkage w; a' = a + g²; z = z + s - (a'^p - a^p) / α · w;
/// w = (clip(z, -l1, l1) - z) / ((a'^p + beta) / α + 2 l2). A learning rate of 0 changes nothing.
///
/// The rate is inside of the rule, so that this link comes after `scale_by_learning_rate`, whose factor it takes out.
class FtrlRule {
 public:
  /// @throws ValueError for a power above 0 or another number below 0
  explicit FtrlRule(FtrlRuleOptions options);
  [[nodiscard]] std::vector<Slot> slots() const { return {{"accumulator", options_.initial_accumulator}, {"linear"}}; }
  void begin(const UpdateInfo& step) { learning_rate_ = step.learning_rate; }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  FtrlRuleOptions options_;
  double learning_rate_ = 0;
};

/// Returns the link, for chains.
[[nodiscard]] inline FtrlRule ftrl_rule(FtrlRuleOptions options = {}) { return FtrlRule(options); }

}  // namespace recur::optim
