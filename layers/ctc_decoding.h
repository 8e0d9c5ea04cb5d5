#pragma once

#include <recur/framework/tensor/array.h>

#include <cstdint>
#include <span>
#include <vector>

namespace recur {

struct CtcDecodingOptions {
  /// Steps of each sequence; empty for all steps.
  std::span<const Index> lengths = {};
  /// The class that stands for no label.
  std::int32_t blank = 0;
  /// Logits are `[time, batch, classes]`.
  bool time_major = false;
  /// Of `ctc_beam_search`: labellings that are kept from step to step.
  Index width = 16;
};

/// The labels read from one sequence.
struct CtcReading {
  std::vector<std::int32_t> labels;
  /// Of `ctc_greedy`: the step at which each label begins. Empty otherwise.
  std::vector<Index> steps;
  /// ln of the probability: of the best path, or of the paths of this labelling that the search kept.
  double log_probability = 0;
};

/// Reads each sequence of logits `[batch, time, classes]` by its most likely class at each step: repeated classes are
/// merged, blanks removed (best path decoding, Graves et al. 2006). The lowest of equally likely classes is taken.
/// Throws ShapeError if shapes do not fit, ValueError if the blank is no class.
[[nodiscard]] std::vector<CtcReading> ctc_greedy(const Array& logits, const CtcDecodingOptions& options = {});

/// Reads each sequence of logits `[batch, time, classes]` by prefix beam search: adds up the paths of equal labellings
/// and keeps the `width` most likely labellings at each step (Hannun et al. 2014). Finds the most likely labelling if
/// `width` is large enough. Throws ShapeError if shapes do not fit, ValueError if the blank is no class or the width is
/// below 1.
[[nodiscard]] std::vector<CtcReading> ctc_beam_search(const Array& logits, const CtcDecodingOptions& options = {});

}  // namespace recur
