#include <recur/framework/gemm.h>

#include <recur/framework/gemm_driver.h>
#include <recur/framework/parallel.h>

namespace recur {
namespace detail {
namespace {

// A chunk of A with this many numbers, packed, stays in the second-level cache while all panels of B pass. Within that,
// chunks are as long as possible, because C is read and written once for each.
constexpr Index left_bytes = 256 * 1024;
constexpr Index least_chunk_rows = 128;
constexpr Index most_chunk_rows = 512;
// Terms of fewer rows are not worth a tile of their own.
constexpr Index least_rows_to_copy = 8;

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

/// Where one thread packs its operands, and how much at a time.
template <Scalar T>
struct PackingSpace {
  T* left;
  T* right;
  Index chunk_rows;
  Index block_stride;  ///< From one block of A to the next.
};

/// The columns of one panel, for the `depth` rows from `rows` on. A is packed already. B is packed by the first block of rows
/// of C as it reads it, unless a term is too short for that, or the panel too narrow for whole vectors.
template <Scalar T>
void add_panel(const GemmKernels<T>& kernels, RowCursor<T>& rows, Index depth, MatrixView<T> c, const Panels& panels,
               Index p, Index first_b, const PackingSpace<T>& space) {
  const Split blocks(c.rows, kernels.max_rows);
  const Index vectors = panels.vectors.size(p);
  const Index col = panels.begin(p);
  typename GemmKernels<T>::Tile tile{.depth = depth,
                                     .a = space.left,
                                     .a_stride = 0,
                                     .b = space.right,
                                     .b_stride = panels.padded_width(p),
                                     .c = c.data + col,
                                     .c_stride = c.stride,
                                     .width = panels.width(p),
                                     .accumulate = true};
  const bool whole = tile.width == tile.b_stride;
  Index waiting = 0;  // Rows up to here are in the first block of C.
  const auto first_block = [&](Index from, Index count, bool copy, const T* b, Index b_stride) {
    auto part = tile;
    part.depth = count;
    part.a = space.left + from * blocks.size(0);
    part.b = b;
    part.b_stride = b_stride;
    part.b_copy = space.right + from * tile.b_stride;
    (copy ? kernels.copying_tile : kernels.packed_tile)[vectors - 1][blocks.size(0) - 1](part);
  };
  rows.take(depth, [&](const RowsPair<T>& pair, Index first, Index count, Index at) {
    const T* const b = pair.b.data + first * pair.b.stride + first_b + col;
    if (!whole || count < least_rows_to_copy) {
      kernels.copy_panel(b, pair.b.stride, count, tile.width, space.right + at * tile.b_stride, tile.b_stride);
      return;
    }
    if (at > waiting) first_block(waiting, at - waiting, false, space.right + waiting * tile.b_stride, tile.b_stride);
    first_block(at, count, true, b, pair.b.stride);
    waiting = at + count;
  });
  if (depth > waiting)
    first_block(waiting, depth - waiting, false, space.right + waiting * tile.b_stride, tile.b_stride);
  const auto* const tiles = kernels.packed_tile[vectors - 1];
  for (Index i = 1; i < blocks.parts; ++i) {
    tile.a = space.left + i * space.block_stride;
    tile.c = c.data + blocks.begin(i) * c.stride + col;
    tiles[blocks.size(i) - 1](tile);
  }
}

/// Adds to a part of C: its columns of all Aᵢ are `a_cols` from `first_a` on, of all Bᵢ `c.cols` from `first_b` on.
template <Scalar T>
void add_products(const GemmKernels<T>& kernels, std::span<const RowsPair<T>> pairs, MatrixView<T> c, Index first_a,
                  Index first_b, const PackingSpace<T>& space) {
  const Panels panels(kernels, c.cols);
  for (RowCursor<T> chunk{pairs}; !chunk.done();) {
    const RowCursor<T> begin = chunk;
    const Index depth = chunk.take(space.chunk_rows, [&](const RowsPair<T>& pair, Index first, Index count, Index at) {
      kernels.pack_left(pair.a.data + first * pair.a.stride + first_a, pair.a.stride, count, c.rows, at, space.left,
                        space.block_stride);
    });
    if (depth == 0) return;
    for (Index p = 0; p < panels.count(); ++p) {
      RowCursor<T> again = begin;
      add_panel(kernels, again, depth, c, panels, p, first_b, space);
    }
  }
}

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
  const detail::Split row_parts(c.rows, detail::left_bytes / static_cast<Index>(sizeof(T)) / detail::least_chunk_rows);
  const Index part_rows = row_parts.size(0);
  const Index fitting = detail::left_bytes / static_cast<Index>(sizeof(T)) / part_rows;
  const Index chunk_rows = std::min({depth, fitting, detail::most_chunk_rows});
  const Index block_stride = chunk_rows * kernels.max_rows;
  const Index left_size = (part_rows / kernels.max_rows + 1) * block_stride;
  const Index right_size = chunk_rows * kernels.lanes * kernels.max_vectors;
  T* const left = detail::GemmDriver::left(workspace).template reserve<T>(team * left_size);
  T* const right = detail::GemmDriver::right(workspace).template reserve<T>(team * right_size);
  parallel_for(team, 2 * depth * c.rows * c.cols / team, [&](Index t) {
    const Index begin = t * units / team * grain;
    const Index end = std::min((t + 1) * units / team * grain, by_cols ? c.cols : c.rows);
    const MatrixView<T> mine = by_cols ? c.middle_cols(begin, end - begin) : c.middle_rows(begin, end - begin);
    const detail::Split parts(mine.rows, part_rows);
    for (Index i = 0; i < parts.parts; ++i) {
      const Index row = parts.begin(i);
      detail::add_products(kernels, pairs, mine.middle_rows(row, parts.size(i)), by_cols ? row : begin + row,
                           by_cols ? begin : 0,
                           {left + t * left_size, right + t * right_size, chunk_rows, block_stride});
    }
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
