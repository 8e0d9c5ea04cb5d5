#pragma once

#include <recur/train/data/example.h>

#include <cstdint>
#include <span>
#include <vector>

namespace recur {

/// Label lists of different lengths, one after the other: the targets of a CTC loss.
struct LabelLists {
  std::vector<std::int32_t> labels;
  std::vector<Index> counts;

  /// Returns the labels of each list.
  [[nodiscard]] std::vector<std::vector<std::int32_t>> lists() const;
};

/// Reads label lists from targets `[batch, most labels]` that are padded with zeros; labels count from 1, since class 0
/// is the blank (Keras's `CTC`). Throws ShapeError for another rank, ValueError for a number that is no label, or a
/// label behind a zero.
[[nodiscard]] LabelLists label_lists(const Tensor<float>& targets);

/// Pads sequences `[time, …]` and their label lists `[labels]` with zeros and stacks them: a batch for a CTC loss.
/// Throws ShapeError if shapes do not fit, ValueError if there are no sequences.
[[nodiscard]] PaddedBatch pad_label_lists(std::span<const Example> sequences);

}  // namespace recur
