#pragma once

#include <recur/layers/layer_value.h>

#include <cstdint>
#include <span>
#include <vector>

namespace recur {

/// The steps of a model's output that neither its mask nor its lengths leave out, wherever the mask was made: what a loss and
/// metrics count.
///
///   const LayerValue output = model.call(input);
///   const CountedSteps steps(output);
///   const Var loss = sparse_softmax_cross_entropy(steps.of(output.value), steps.of(ids));
///   trainer.weigh(steps.count());
///
/// Of an output without a time axis, and without mask and lengths, everything counts.
class CountedSteps {
 public:
  /// @param output a value `[batch, time, …]` whose mask, if any, is `[batch, time]` (time before batch in both where the model is
  /// time-major)
  explicit CountedSteps(const LayerValue& output);

  /// Whether nothing is left out.
  [[nodiscard]] bool all() const { return all_; }
  /// Rows of the output, all its axes but the last, that count: what its loss is a mean over.
  [[nodiscard]] Index count() const {
    return all_ ? rows_ : static_cast<Index>(places_.size()) * (rows_ / (batch_ * time_));
  }
  /// The steps that count, one after another: `[count, …]` of `[batch, time, …]`. Unchanged if all do.
  /// @throws ShapeError for other leading axes than the output's.
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
