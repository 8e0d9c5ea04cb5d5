#include <recur/framework/gemm.h>

#include <recur/framework/gemm_driver.h>
#include <recur/framework/parallel.h>

namespace recur {
namespace detail {
namespace {

constexpr Index chunk_rows = 256;      // Rows that are packed and multiplied together.
constexpr Index block_rows_of_c = 256;  // Columns of A packed together ...
constexpr Index block_cols_of_c = 256;  // ... and of B: both packed blocks fit in the second-level cache.

/// Walks over the stacked rows of all pairs.
template <Scalar T>
struct RowCursor {
  std::span<const RowsPair<T>> pairs;
  std::size_t pair = 0;
  Index row = 0;

  [[nodiscard]] bool done() const { return pair == pairs.size(); }
  /// Calls `body(pair, first_row, rows, rows_before)` for the next `most` rows at most; returns how many there were.
  template <class Body>
  Index take(Index most, Body body) {
    Index taken = 0;
    while (!done() && taken < most) {
      const RowsPair<T>& current = pairs[pair];
      const Index count = std::min(most - taken, current.a.rows - row);
      if (count > 0) body(current, row, count, taken);
      taken += count;
      row += count;
      if (row == current.a.rows) {
        ++pair;
        row = 0;
      }
    }
    return taken;
  }
};

/// The part of C that one thread computes, and its packing buffers.
template <Scalar T>
struct TransposedProduct {
  const GemmKernels<T>& kernels;
  std::span<const RowsPair<T>> pairs;
  MatrixView<T> c;
  Index first_row;  ///< Of C's whole: column of A.
  Index first_col;
  T* left;
  T* right;

  void run() const {
    for (Index col = 0; col < c.cols; col += block_cols_of_c) {
      for (Index row = 0; row < c.rows; row += block_rows_of_c) {
        run_block(row, std::min(block_rows_of_c, c.rows - row), col, std::min(block_cols_of_c, c.cols - col));
      }
    }
  }

 private:
  void run_block(Index row, Index rows, Index col, Index cols) const {
    const Split blocks(rows, kernels.max_rows);
    const Panels panels(kernels, cols);
    for (RowCursor<T> cursor{pairs}; !cursor.done();) {
      const Index depth = cursor.take(chunk_rows, [&](const RowsPair<T>& pair, Index first, Index count, Index at) {
        const T* const a = pair.a.data + first * pair.a.stride + first_row + row;
        const T* const b = pair.b.data + first * pair.b.stride + first_col + col;
        kernels.pack_left(a, pair.a.stride, count, rows, at, left, chunk_rows * kernels.max_rows);
        for (Index p = 0; p < panels.count(); ++p)
          kernels.copy_panel(b + panels.begin(p), pair.b.stride, count, panels.width(p),
                             right + panels.begin(p) * chunk_rows + at * panels.padded_width(p), panels.padded_width(p));
      });
      if (depth > 0) multiply_chunk(blocks, panels, row, col, depth);
    }
  }

  void multiply_chunk(const Split& blocks, const Panels& panels, Index row, Index col, Index depth) const {
    for (Index p = 0; p < panels.count(); ++p) {
      const auto* const tiles = kernels.packed_tile[panels.vectors.size(p) - 1];
      for (Index i = 0; i < blocks.parts; ++i) {
        tiles[blocks.size(i) - 1]({.depth = depth,
                                   .a = left + i * chunk_rows * kernels.max_rows,
                                   .a_stride = 0,
                                   .b = right + panels.begin(p) * chunk_rows,
                                   .b_stride = panels.padded_width(p),
                                   .c = c.data + (row + blocks.begin(i)) * c.stride + col + panels.begin(p),
                                   .c_stride = c.stride,
                                   .width = panels.width(p),
                                   .accumulate = true});
      }
    }
  }
};

template <Scalar T>
Index check(std::span<const RowsPair<T>> pairs, MatrixView<T> c) {
  Index rows = 0;
  for (const RowsPair<T>& pair : pairs) {
    require(pair.a.rows == pair.b.rows && pair.a.cols == c.rows && pair.b.cols == c.cols,
            "multiply_transposed: [{}, {}] transposed times [{}, {}] into [{}, {}]: the rows of a pair must agree, and their "
            "columns be the rows and columns of the result",
            pair.a.rows, pair.a.cols, pair.b.rows, pair.b.cols, c.rows, c.cols);
    rows += pair.a.rows;
  }
  return rows;
}

}  // namespace
}  // namespace detail

template <Scalar T>
void multiply_transposed(std::span<const RowsPair<T>> pairs, MatrixView<T> c, GemmWorkspace& workspace) {
  const Index depth = detail::check(pairs, c);
  if (depth == 0 || c.rows == 0 || c.cols == 0) return;
  const auto& kernels = detail::gemm_kernels<T>(workspace.target());
  // Every thread computes its own part of C over all rows: its columns, or its rows where C has more of these.
  const bool by_cols = c.cols >= c.rows;
  const Index grain = by_cols ? kernels.lanes * kernels.max_vectors : kernels.max_rows;
  const Index units = ((by_cols ? c.cols : c.rows) + grain - 1) / grain;
  const Index team = useful_threads(units, 2 * depth * c.rows * c.cols / units);
  const Index left_size = detail::chunk_rows * (detail::block_rows_of_c + kernels.max_rows);
  const Index right_size = detail::chunk_rows * (detail::block_cols_of_c + kernels.lanes);
  T* const left = detail::GemmDriver::left(workspace).template reserve<T>(team * left_size);
  T* const right = detail::GemmDriver::right(workspace).template reserve<T>(team * right_size);
  parallel_for(team, 2 * depth * c.rows * c.cols / team, [&](Index t) {
    const Index begin = t * units / team * grain;
    const Index end = std::min((t + 1) * units / team * grain, by_cols ? c.cols : c.rows);
    const MatrixView<T> part = by_cols ? c.middle_cols(begin, end - begin) : c.middle_rows(begin, end - begin);
    detail::TransposedProduct<T>{
        kernels, pairs, part, by_cols ? 0 : begin, by_cols ? begin : 0, left + t * left_size, right + t * right_size}
        .run();
  });
}

template <Scalar T>
void add_column_sums(MatrixView<const T> b, std::span<T> sums) {
  require(static_cast<Index>(sums.size()) == b.cols, "add_column_sums: {} sums for [{}, {}], which has {} columns",
          sums.size(), b.rows, b.cols, b.cols);
  for (Index i = 0; i < b.rows; ++i) {
    const T* const row = b.data + i * b.stride;
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += row[j];
  }
}

template void multiply_transposed(std::span<const RowsPair<float>>, MatrixView<float>, GemmWorkspace&);
template void multiply_transposed(std::span<const RowsPair<double>>, MatrixView<double>, GemmWorkspace&);
template void add_column_sums(MatrixView<const float>, std::span<float>);
template void add_column_sums(MatrixView<const double>, std::span<double>);

}  // namespace recur
