#pragma once

#include <recur/framework/tensor/memory.h>
#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <span>
#include <vector>

namespace recur::detail {

/// Numbers in the order in which the loops read them (kernels.h), in memory of their own.
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

/// The columns of the matrix that the lanes of the registers of all panels stand for, panel by panel, register by
/// register; -1 for zeros.
using ColumnOrder = std::vector<Index>;

/// Packs a matrix of floats, panels of `registers` registers of `lanes` numbers; or, if `scales` has a number for each
/// place of the order, of int8: w ≈ scale · integer.
[[nodiscard]] PackedWeights pack(const MatrixData& matrix, const ColumnOrder& order, Index registers, Index lanes,
                                 std::span<const float> scales);
/// The largest magnitude of each place's column, divided by 127; adds to what is in `scales`.
void widen_scales(const MatrixData& matrix, const ColumnOrder& order, std::span<float> scales);

}  // namespace recur::detail
