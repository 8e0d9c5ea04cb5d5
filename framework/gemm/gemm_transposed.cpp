#include <recur/framework/gemm/gemm.h>

#include <recur/framework/gemm/gemm_driver.h>
#include <recur/framework/threads/parallel.h>

#include <algorithm>
#include <type_traits>
#include <vector>

namespace recur {
namespace detail {
namespace {

// A chunk of A with this many numbers, packed, stays in the second-level cache while all panels of B pass. C is read
// and written once for each chunk, so these are long; for that a tall C is cut into parts, for each of which B is read
// once more.
constexpr Index left_bytes = 768 * 1024;
constexpr Index most_chunk_rows = 512;
// Where C stays in the second-level cache, that costs little, and chunks are so short that a panel of B stays in the
// first, if that is long enough to be worth it.
constexpr Index cached_sum_bytes = 256 * 1024;
constexpr Index panel_bytes = 24 * 1024;
constexpr Index least_chunk_rows = 256;
constexpr Index tall = 512;
constexpr Index most_part_rows = 384;

/// The rows that a sum of products goes over.
template <Scalar T>
Index depth_of(std::span<const RowsPair<T>> pairs) {
  Index rows = 0;
  for (const RowsPair<T>& pair : pairs) rows += pair.a.rows;
  return rows;
}

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
  const T** a_rows;  ///< Where each row of A is in the caller's memory ...
  const T** b_rows;  ///< ... and of B.
  Index chunk_rows;
  Index block_stride;  ///< From one block of A to the next.
};

/// One panel of C: B is packed by the first block of rows of C while it reads it; the next ones prefetch the next
/// panel.
template <Scalar T>
void add_panel(const GemmKernels<T>& kernels, Index depth, MatrixView<T> c, const Panels& panels, Index p,
               const PackingSpace<T>& space) {
  const Split blocks(c.rows, kernels.packed_rows);
  const Index vectors = panels.vectors.size(p);
  const Index next = p + 1 < panels.count() ? panels.begin(p + 1) : 0;
  typename GemmKernels<T>::Tile tile{.depth = depth,
                                     .a = space.left,
                                     .a_stride = 0,
                                     .b = space.right,
                                     .b_stride = panels.padded_width(p),
                                     .c = c.data + panels.begin(p),
                                     .c_stride = c.stride,
                                     .width = panels.width(p),
                                     .start = c.data + panels.begin(p),
                                     .start_stride = c.stride,
                                     .c_ahead = nullptr,
                                     .rows = space.b_rows,
                                     .offset = panels.begin(p),
                                     .b_copy = space.right};
  const bool whole = tile.width == tile.b_stride;
  if (!whole) {
    for (Index k = 0; k < depth; ++k)
      kernels.copy_panel(space.b_rows[k] + tile.offset, 0, 1, tile.width, space.right + k * tile.b_stride,
                         tile.b_stride);
  }
  const bool fetches = next != 0 && next + tile.b_stride <= c.cols && blocks.parts > 1;
  Index fetched = 0;
  for (Index i = 0; i < blocks.parts; ++i) {
    const Index rows = blocks.size(i);
    const bool copies = i == 0 && whole;
    if (i > 0 && fetches) {
      // Every block of rows fetches its share of the next panel.
      const Index share = (depth - fetched) / (blocks.parts - i);
      tile.offset = next;
      tile.rows = space.b_rows + fetched;
      tile.fetches = (share + rows - 1) / rows;
      fetched = std::min(fetched + tile.fetches * rows, depth);
    }
    const auto& tiles = copies ? kernels.copying_tile : kernels.packed_tile;
    tile.a = space.left + i * space.block_stride;
    tile.c = c.data + blocks.begin(i) * c.stride + panels.begin(p);
    tile.start = tile.c;
    tile.c_ahead = tile.c;
    tiles[vectors - 1][rows - 1](tile);
  }
}

/// Adds to a part of C: its columns of all Aᵢ are `c.rows` from `first_a` on, of all Bᵢ `c.cols` from `first_b` on.
template <Scalar T>
void add_products(const GemmKernels<T>& kernels, RowCursor<T> cursor, MatrixView<T> c, Index first_a, Index first_b,
                  const PackingSpace<T>& space) {
  const Panels panels(kernels, c.cols);
  while (!cursor.done()) {
    const Index depth = cursor.take(space.chunk_rows, [&](const RowsPair<T>& pair, Index first, Index count, Index at) {
      for (Index r = 0; r < count; ++r) {
        space.a_rows[at + r] = pair.a.data + (first + r) * pair.a.stride;
        space.b_rows[at + r] = pair.b.data + (first + r) * pair.b.stride + first_b;
      }
    });
    if (depth == 0) return;
    std::fill_n(space.b_rows + depth, GemmKernels<T>::rows_ahead, space.b_rows[depth - 1]);
    kernels.pack_left(space.a_rows, depth, first_a, c.rows, space.left, space.block_stride);
    for (Index p = 0; p < panels.count(); ++p) add_panel(kernels, depth, c, panels, p, space);
  }
}

template <Scalar T>
Index longest_chunk(const GemmKernels<T>& kernels, Index c_size) {
  constexpr auto number = static_cast<Index>(sizeof(T));
  const Index fitting = panel_bytes / (kernels.lanes * kernels.max_vectors * number);
  return c_size * number <= cached_sum_bytes && fitting >= least_chunk_rows ? fitting : most_chunk_rows;
}

/// How operands are packed for a C of such a size, summed over `depth` rows.
struct Packing {
  Index part_rows;
  Index chunk_rows;
  Index block_stride;
  Index left_size;
  Index right_size;
  Index rows_size;

  template <Scalar T>
  Packing(const GemmKernels<T>& kernels, Index depth, Index c_rows, Index c_cols)
      : part_rows(Split(c_rows, c_rows <= tall ? c_rows : most_part_rows).size(0)),
        chunk_rows(std::min(
            {depth, left_bytes / static_cast<Index>(sizeof(T)) / part_rows, longest_chunk(kernels, c_rows * c_cols)})),
        block_stride(chunk_rows * kernels.packed_rows),
        left_size((part_rows / kernels.packed_rows + 1) * block_stride),
        right_size(chunk_rows * kernels.lanes * kernels.max_vectors),
        rows_size(2 * (chunk_rows + GemmKernels<T>::rows_ahead)) {}

  template <Scalar T>
  [[nodiscard]] PackingSpace<T> space(T* left, T* right, const T** rows) const {
    return {left, right, rows, rows + rows_size / 2, chunk_rows, block_stride};
  }
};

/// `add_products` for a C of any height.
template <Scalar T>
void add_in_parts(const GemmKernels<T>& kernels, const RowCursor<T>& rows, MatrixView<T> c, Index first_a,
                  Index first_b, const Packing& packing, const PackingSpace<T>& space) {
  const Split parts(c.rows, packing.part_rows);
  for (Index i = 0; i < parts.parts; ++i)
    add_products(kernels, rows, c.middle_rows(parts.begin(i), parts.size(i)), first_a + parts.begin(i), first_b, space);
}

template <Scalar T>
void check(std::span<const RowsPair<T>> pairs, MatrixView<T> c) {
  for (const RowsPair<T>& pair : pairs)
    require(pair.a.rows == pair.b.rows && pair.a.cols == c.rows && pair.b.cols == c.cols,
            "multiply_transposed: [{}, {}] transposed times [{}, {}] into [{}, {}]: the rows of a pair must agree, and "
            "their columns be the rows and columns of the result",
            pair.a.rows, pair.a.cols, pair.b.rows, pair.b.cols, c.rows, c.cols);
}

// Products over more rows are added up in SumOf<T>, block by block: a float that has grown large takes in no small
// ones.
constexpr Index most_rows_in_one_sum = 65536;

template <Scalar T>
void add_long_product(std::span<const RowsPair<T>> pairs, MatrixView<T> c, GemmWorkspace& workspace) {
  const auto size = static_cast<std::size_t>(c.rows * c.cols);
  std::vector<T> part(size);
  std::vector<SumOf<T>> total(size);
  std::vector<RowsPair<T>> block;
  RowCursor<T> cursor{pairs};
  while (!cursor.done()) {
    block.clear();
    cursor.take(most_rows_in_one_sum, [&](const RowsPair<T>& pair, Index first, Index rows, Index) {
      block.push_back({pair.a.middle_rows(first, rows), pair.b.middle_rows(first, rows)});
    });
    std::fill(part.begin(), part.end(), T{});
    multiply_transposed<T>(block, {part.data(), c.rows, c.cols}, workspace);
    for (std::size_t i = 0; i < size; ++i) total[i] += static_cast<SumOf<T>>(part[i]);
  }
  const SumOf<T>* sum = total.data();
  for (Index r = 0; r < c.rows; ++r)
    for (T& number : c.row(r)) number += static_cast<T>(*sum++);
}

}  // namespace

}  // namespace detail

template <Scalar T>
void multiply_transposed(std::span<const RowsPair<T>> pairs, MatrixView<T> c, GemmWorkspace& workspace) {
  detail::check(pairs, c);
  const Index depth = detail::depth_of(pairs);
  if (depth == 0 || c.rows == 0 || c.cols == 0) return;
  if (std::is_same_v<T, float> && depth > detail::most_rows_in_one_sum)
    return detail::add_long_product(pairs, c, workspace);
  const auto& kernels = detail::gemm_kernels<T>(workspace.target());
  // Every thread computes its own part of C over all rows: its columns, or its rows where C has more of these.
  const bool by_cols = c.cols >= c.rows;
  const Index grain = by_cols ? kernels.lanes * kernels.max_vectors : kernels.packed_rows;
  const Index units = ((by_cols ? c.cols : c.rows) + grain - 1) / grain;
  const Index team = useful_threads(units, 2 * depth * c.rows * c.cols / units);
  const detail::Packing packing(kernels, depth, c.rows, c.cols);
  T* const left = detail::GemmDriver::left(workspace).template reserve<T>(team * packing.left_size);
  T* const right = detail::GemmDriver::right(workspace).template reserve<T>(team * packing.right_size);
  const T** const rows = detail::GemmDriver::rows(workspace).template reserve<const T*>(team * packing.rows_size);
  parallel_for(team, 2 * depth * c.rows * c.cols / team, [&](Index t) {
    const Index begin = t * units / team * grain;
    const Index end = std::min((t + 1) * units / team * grain, by_cols ? c.cols : c.rows);
    const MatrixView<T> mine = by_cols ? c.middle_cols(begin, end - begin) : c.middle_rows(begin, end - begin);
    detail::add_in_parts(
        kernels, detail::RowCursor<T>{pairs}, mine, by_cols ? 0 : begin, by_cols ? begin : 0, packing,
        packing.space(left + t * packing.left_size, right + t * packing.right_size, rows + t * packing.rows_size));
  });
}

template <Scalar T>
void add_column_sums(MatrixView<const T> b, std::span<T> sums) {
  require(static_cast<Index>(sums.size()) == b.cols, "add_column_sums: {} sums for [{}, {}], which has {} columns",
          sums.size(), b.rows, b.cols, b.cols);
  // What adding a number costs, in the operations of parallel.h: it has to be fetched first.
  constexpr Index work_of_sum = 6;
  constexpr Index width = 128;
  parallel_for((b.cols + width - 1) / width, b.rows * width * work_of_sum, [&](Index part) {
    const Index begin = part * width;
    const Index end = std::min(begin + width, b.cols);
    // A float that has grown large takes in no small ones, so it must not see more than a few.
    std::array<SumOf<T>, width> total{};
    const auto add_up = [&](Index first, Index last, T* sum) {
      for (Index i = first; i < last; ++i) {
        const T* const row = b.data + i * b.stride + begin;
        for (Index j = 0; j < end - begin; ++j) sum[j] += row[j];
      }
    };
    constexpr Index piece_length = 128;
    if (b.rows <= piece_length) return add_up(0, b.rows, sums.data() + begin);
    for (Index first = 0; first < b.rows; first += piece_length) {
      std::array<T, width> piece{};
      add_up(first, std::min(first + piece_length, b.rows), piece.data());
      for (std::size_t j = 0; j < width; ++j) total[j] += static_cast<SumOf<T>>(piece[j]);
    }
    for (Index j = begin; j < end; ++j)
      sums[static_cast<std::size_t>(j)] += static_cast<T>(total[static_cast<std::size_t>(j - begin)]);
  });
}

template void multiply_transposed(std::span<const RowsPair<float>>, MatrixView<float>, GemmWorkspace&);
template void multiply_transposed(std::span<const RowsPair<double>>, MatrixView<double>, GemmWorkspace&);
template void add_column_sums(MatrixView<const float>, std::span<float>);
template void add_column_sums(MatrixView<const double>, std::span<double>);
template void add_column_sums(MatrixView<const Dual>, std::span<Dual>);

}  // namespace recur
