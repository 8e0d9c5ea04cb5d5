#pragma once

#include <recur/framework/gemm/gemm_kernels.h>
#include <recur/framework/tensor/shape.h>

#include <algorithm>

namespace recur::detail {

/// Divides `total` things into as few parts of at most `most` as possible, whose sizes differ by at most one, larger
/// parts first. 16 rows are faster as 6 + 5 + 5 than as 6 + 6 + 4.
struct Split {
  Index total;
  Index parts;
  Index small;   ///< Size of the smaller parts.
  Index larger;  ///< How many parts have one more.

  Split(Index total_, Index most)
      : total(total_),
        parts((total_ + most - 1) / most),
        small(total_ / std::max<Index>(parts, 1)),
        larger(total_ % std::max<Index>(parts, 1)) {}
  [[nodiscard]] Index begin(Index part) const { return part * small + std::min(part, larger); }
  [[nodiscard]] Index size(Index part) const { return part < larger ? small + 1 : small; }
};

/// How the columns of a packed matrix are divided into panels.
struct Panels {
  Index lanes = 1;
  Index cols = 0;
  Split vectors{0, 1};

  Panels() = default;
  template <class T>
  Panels(const GemmKernels<T>& kernels, Index cols_)
      : lanes(kernels.lanes), cols(cols_), vectors((cols_ + lanes - 1) / lanes, kernels.max_vectors) {}
  [[nodiscard]] Index count() const { return vectors.parts; }
  [[nodiscard]] Index begin(Index panel) const { return vectors.begin(panel) * lanes; }
  /// Columns of the matrix in the panel, and with the padding.
  [[nodiscard]] Index width(Index panel) const { return std::min(begin(panel + 1), cols) - begin(panel); }
  [[nodiscard]] Index padded_width(Index panel) const { return vectors.size(panel) * lanes; }
  [[nodiscard]] Index padded_cols() const { return vectors.total * lanes; }
};

}  // namespace recur::detail
