#pragma once

#include <recur/framework/ops/loss_reduction.h>

#include <cstdint>
#include <span>

namespace recur {

/// Label lists of a batch, one after the other, and how many labels each sequence has.
struct CtcLabels {
  std::span<const std::int32_t> labels;
  std::span<const Index> counts;
};

struct CtcOptions {
  /// Steps of each sequence; empty for all steps.
  std::span<const Index> lengths = {};
  /// The class that stands for no label.
  std::int32_t blank = 0;
  /// Logits are `[time, batch, classes]`.
  bool time_major = false;
  /// A sequence with too few steps for its labels has the loss 0 and no gradient. Otherwise it is an error.
  bool skip_impossible = false;
  /// `mean` divides by the number of sequences; `weighted_mean` is the same. `none` gives `[batch]`.
  Reduction reduction = Reduction::mean;
};

/// -ln of the probability that the classes of the steps, drawn independently by softmax(logits), become the labels when
/// repeated classes are merged and blanks removed (connectionist temporal classification, Graves et al. 2006). Computed
/// by forward and backward sums in logarithms of double precision: time and memory grow linearly in the steps and in
/// the labels.
/// @param logits `[batch, time, classes]`, values before a softmax
/// Throws ShapeError if shapes do not fit; ValueError if a label is the blank or no class, or, unless skip_impossible,
/// if a sequence has fewer steps than labels and pairs of equal neighbours.
[[nodiscard]] Var ctc_loss(Var logits, const CtcLabels& labels, const CtcOptions& options = {});

}  // namespace recur
