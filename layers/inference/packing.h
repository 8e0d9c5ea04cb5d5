#pragma once

#include <recur/framework/tensor/memory.h>
#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <span>
#include <vector>

namespace recur::detail {

/// Weights in the order in which the loops read them (kernels.h).
struct PackedWeights {
  Buffer<std::byte> memory;
  std::size_t bytes = 0;

  [[nodiscard]] const void* data() const { return memory.get(); }
};

/// A matrix, row by row.
struct MatrixData {
  std::span<const float> values;
  Index rows;
  Index cols;
};

/// The column of the matrix for each lane of each register of each panel, in this order; -1 stands for zeros.
using ColumnOrder = std::vector<Index>;

/// Packs a matrix into panels of `registers` registers of `lanes` numbers. The weights are floats, or int8 if `scales`
/// has a number for each place of the order: w ≈ scale · integer.
[[nodiscard]] PackedWeights pack(const MatrixData& matrix, const ColumnOrder& order, Index registers, Index lanes,
                                 std::span<const float> scales);
/// Raises each scale to the largest magnitude in its column divided by 127, if that is larger.
void widen_scales(const MatrixData& matrix, const ColumnOrder& order, std::span<float> scales);

}  // namespace recur::detail
