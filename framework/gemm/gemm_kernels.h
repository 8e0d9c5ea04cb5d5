#pragma once

#include <cstddef>

namespace recur::detail {

struct GemmDriver;

/// Inner loops of the matrix products for one instruction set. A packed matrix consists of column panels of at most
/// `max_vectors` vectors of `lanes` numbers, each stored row after row and padded with zeros to whole vectors.
///
/// Code compiled for instruction sets that the machine may not have includes this header, so it has no inline
/// functions.
template <class T>
struct GemmKernels {
  using Index = std::ptrdiff_t;
  static constexpr int vectors_limit = 4;
  static constexpr int rows_limit = 6;
  static constexpr int rows_ahead = 16;

  /// A tile of C: `rows` x `width` numbers, set to start[r, :] + Σ_k a[r, k] · b[k, :]. `b` has rows of `b_stride`
  /// numbers, of which a whole number of vectors is read.
  struct Tile {
    Index depth;
    const T* a;
    Index a_stride;  ///< From row to row; unused when A is packed.
    const T* b;
    Index b_stride;
    T* c;
    Index c_stride;
    Index width;
    const T* start;  ///< C itself to add to it, a bias; null for zeros.
    Index start_stride;
    T* c_ahead;  ///< Where the next tile will be, to be fetched; rows as far apart as those of C.
    // For the tiles that move rows of B from where the caller has them:
    const T* const* rows = nullptr;  ///< Start of each row, and `rows_ahead` more pointers that may be prefetched.
    Index offset = 0;                ///< In each row: of the panel to copy or prefetch.
    T* b_copy = nullptr;             ///< Receives the panel.
    Index fetches = 0;               ///< A packed tile of r rows prefetches the panel in r times as many of `rows`.
    // For the tiles that fetch what the next ones read of B:
    const T* ahead = nullptr;
    Index ahead_step = 0;  ///< Two places this far apart are prefetched with every `steps` rows of B.
  };
  using TileFunction = void (*)(const Tile& tile);

  Index lanes;
  Index max_vectors;
  Index rows[vectors_limit];  ///< Most rows of a tile of so many vectors (less one).
  Index packed_rows;          ///< The same where A is packed, whatever the vectors.
  Index steps;                ///< Of the product at a time; what comes next is prefetched in between.
  /// [vectors - 1][rows - 1]; A is row-major, or packed: a[k * rows + r].
  TileFunction tile[vectors_limit][rows_limit];
  /// As `tile`, and prefetches from `ahead` on; a tile of one row from where it is in B on.
  TileFunction streaming_tile[vectors_limit][rows_limit];
  TileFunction packed_tile[vectors_limit][rows_limit];
  /// As `packed_tile`, but reads B from `rows` and packs it on the way. Packing costs nothing there, because the
  /// arithmetic takes longer.
  TileFunction copying_tile[vectors_limit][rows_limit];
  /// to[k * to_stride + j] = from[k * from_stride + j], for `width` columns; zero up to `to_stride`.
  void (*copy_panel)(const T* from, Index from_stride, Index rows, Index width, T* to, Index to_stride);
  /// to[k * to_stride + j] = from[j * from_stride + k], for `width` columns; zero up to `to_stride`.
  void (*transpose_panel)(const T* from, Index from_stride, Index rows, Index width, T* to, Index to_stride);
  /// As the two functions above, but write past the caches. `to` must be aligned to vectors, and `to_stride` a multiple
  /// of the lanes.
  void (*stream_panel)(const T* from, Index from_stride, Index rows, Index width, T* to, Index to_stride);
  void (*stream_transposed_panel)(const T* from, Index from_stride, Index rows, Index width, T* to, Index to_stride);
  /// Packs `width` numbers from `offset` on of each of `count` rows as left operands of `packed_tile`. Columns are
  /// divided evenly into blocks of at most `packed_rows`, wider blocks first. Block i begins at to + i * block_stride
  /// and holds its rows one after the other.
  void (*pack_left)(const T* const* rows, Index count, Index offset, Index width, T* to, Index block_stride);
};

/// Null if the kernels were not compiled for this kind of machine.
template <class T>
[[nodiscard]] const GemmKernels<T>* portable_gemm_kernels();
template <class T>
[[nodiscard]] const GemmKernels<T>* avx2_gemm_kernels();
template <class T>
[[nodiscard]] const GemmKernels<T>* avx512_gemm_kernels();

}  // namespace recur::detail
