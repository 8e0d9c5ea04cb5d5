#pragma once

#include <recur/layers/layer_value.h>

#include <cstdint>
#include <span>
#include <vector>

namespace recur {

/// The steps of a model's output that neither a mask nor lengths leave out. Use it for losses and metrics:
///
///   const LayerValue output = model.call(input);
///   const CountedSteps steps(output);
///   const Var loss = sparse_softmax_cross_entropy(steps.of(output.value), steps.of(ids));
///   trainer.weigh(steps.count());
///
/// If the output has no time axis, or neither mask nor lengths, all steps count.
class CountedSteps {
 public:
  /// @param output value `[batch, time, …]`; a mask is `[batch, time]`. Time comes first in both if the model is
  /// time-major.
  explicit CountedSteps(const LayerValue& output);

  /// Returns true if all steps count.
  [[nodiscard]] bool all() const { return all_; }
  /// Returns the number of rows that count; rows are all axes of the output but the last. A loss is a mean over them.
  [[nodiscard]] Index count() const {
    return all_ ? rows_ : static_cast<Index>(places_.size()) * (rows_ / (batch_ * time_));
  }
  /// Returns the steps that count as `[count, …]`; `values` unchanged if all count. Throws ShapeError if its leading
  /// axes are not those of the output.
  [[nodiscard]] Var of(Var values) const;
  [[nodiscard]] Tensor<float> of(const Tensor<float>& values) const;
  [[nodiscard]] std::vector<std::int32_t> of(std::span<const std::int32_t> ids) const;

 private:
  void check(Index rows) const;

  bool all_ = true;
  Index rows_ = 0;                    // of the output
  Index batch_ = 0, time_ = 0;        // its leading axes, unless all count
  std::vector<std::int32_t> places_;  // numbers of steps
};

}  // namespace recur
