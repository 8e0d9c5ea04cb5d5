#pragma once

#include <recur/framework/gemm.h>

#include <algorithm>

namespace recur::detail {

template <Scalar T>
[[nodiscard]] const GemmKernels<T>& gemm_kernels(GemmTarget target);

/// `total` things dealt out to as few parts of at most `most` as possible, whose sizes differ by no more than one, larger ones
/// first: 16 rows are better done as 6 + 5 + 5 than as 6 + 6 + 4.
struct Split {
  Index total;
  Index parts;
  Index small;   ///< Size of the smaller parts.
  Index larger;  ///< How many parts have one more.

  Split(Index total_, Index most)
      : total(total_), parts((total_ + most - 1) / most), small(total_ / parts), larger(total_ % parts) {}
  [[nodiscard]] Index begin(Index part) const { return part * small + std::min(part, larger); }
  [[nodiscard]] Index size(Index part) const { return part < larger ? small + 1 : small; }
};

/// How the columns of a packed matrix are cut into panels.
struct Panels {
  Index lanes;
  Index cols;
  Split vectors;

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

/// Gives the products access to the inside of the public classes.
struct GemmDriver {
  template <Scalar T>
  static const GemmKernels<T>& kernels(const PackedMatrix<T>& b) {
    return *b.kernels_;
  }
  template <Scalar T>
  static const T* data(const PackedMatrix<T>& b) {
    return b.buffer_.template get<T>();
  }
  static ScratchBuffer& left(GemmWorkspace& workspace) { return workspace.left_; }
  static ScratchBuffer& right(GemmWorkspace& workspace) { return workspace.right_; }
  static ScratchBuffer& transposed(GemmWorkspace& workspace) { return workspace.transposed_; }
};

}  // namespace recur::detail
