#include <recur/framework/gemm/gemm.h>

#include <recur/framework/gemm/gemm_driver.h>
#include <recur/framework/tensor/cache_size.h>
#include <recur/framework/threads/parallel.h>

namespace recur {
namespace detail {
namespace {

// A block of A stays in the second-level cache while the panels of B pass. Where the rows are long, it is all rows and
// a part of the depth, so that B comes once, however large it is, and C several times.
Index left_bytes() { return second_level_cache_bytes() / 4; }
constexpr Index least_depth = 512;

// Packed weights that do not stay in the second-level cache anyway need not pass through it: what is overwritten is not
// read.
constexpr Index streamed_bytes = 2 * 1024 * 1024;

template <Scalar T>
void pack_panels(const GemmKernels<T>& kernels, MatrixView<const T> b, bool transpose, const Panels& panels, T* to) {
  const Index rows = transpose ? b.cols : b.rows;
  const bool streams = rows * panels.padded_cols() * static_cast<Index>(sizeof(T)) >= streamed_bytes;
  const auto pack = transpose ? streams ? kernels.stream_transposed_panel : kernels.transpose_panel
                    : streams ? kernels.stream_panel
                              : kernels.copy_panel;
  const Index step = transpose ? b.stride : 1;
  // Copying a number takes about as long as so many operations of parallel.h.
  constexpr Index work_of_copy = 8;
  parallel_for(panels.count(), work_of_copy * rows * panels.lanes * kernels.max_vectors, [&](Index p) {
    const Index begin = panels.begin(p);
    pack(b.data + begin * step, b.stride, rows, panels.width(p), to + begin * rows, panels.padded_width(p));
  });
}

/// What a product is added to: C itself, or a row repeated (stride 0), or nothing.
template <Scalar T>
struct Start {
  const T* data = nullptr;
  Index stride = 0;

  [[nodiscard]] Start at(Index row, Index col) const {
    return data == nullptr ? *this : Start{data + row * stride + col, stride};
  }
};
template <Scalar T>
Start<T> start(MatrixView<T> c, bool accumulate) {
  return accumulate ? Start<T>{c.data, c.stride} : Start<T>{};
}

// Weights larger than this do not stay in the second-level cache from one time step to the next.
Index cached_weights_bytes() { return second_level_cache_bytes() / 2; }
// Such weights pass through that cache in chunks of this depth, each fetched while the one before is multiplied.
constexpr Index streamed_depth = 512;

/// C for so few rows that each panel is one tile: there is nothing to divide.
template <Scalar T>
void multiply_few_rows(const GemmKernels<T>& kernels, MatrixView<const T> a, const T* b, const Panels& panels,
                       MatrixView<T> c, Start<T> start) {
  for (Index p = 0; p < panels.count(); ++p) {
    const Index col = panels.begin(p);
    kernels.tile[panels.vectors.size(p) - 1][a.rows - 1]({.depth = a.cols,
                                                          .a = a.data,
                                                          .a_stride = a.stride,
                                                          .b = b + col * a.cols,
                                                          .b_stride = panels.padded_width(p),
                                                          .c = c.data + col,
                                                          .c_stride = c.stride,
                                                          .width = panels.width(p),
                                                          .start = start.at(0, col).data,
                                                          .start_stride = start.stride,
                                                          .c_ahead = c.data + col + panels.width(p)});
  }
}

/// One column panel of C for some rows. `next` is the panel of B that will be read after this one, null to leave its
/// coming to the hardware.
template <Scalar T>
void multiply_panel(const GemmKernels<T>& kernels, MatrixView<const T> a, const T* b, Index vectors, MatrixView<T> c,
                    Start<T> start, const T* next) {
  const Split blocks(a.rows, kernels.rows[vectors - 1]);
  const bool in_chunks = next != nullptr && blocks.parts > 1;
  const bool streams = in_chunks || (next != nullptr && a.rows == 1);
  const Split chunks(a.cols, in_chunks ? streamed_depth : a.cols);
  const Index b_stride = vectors * kernels.lanes;
  // Every block of rows fetches its share of the next chunk.
  const Index ahead_step = (kernels.steps * b_stride + 2 * blocks.parts - 1) / (2 * blocks.parts);
  const auto& tiles = (streams ? kernels.streaming_tile : kernels.tile)[vectors - 1];
  for (Index k = 0; k < chunks.parts; ++k) {
    const Index first = chunks.begin(k);
    const Index depth = chunks.size(k);
    const T* const ahead = k + 1 < chunks.parts ? b + chunks.begin(k + 1) * b_stride : next;
    for (Index i = 0; i < blocks.parts; ++i) {
      const Index row = blocks.begin(i);
      T* const to = c.data + row * c.stride;
      const Start<T> from = k == 0 ? start.at(row, 0) : Start<T>{to, c.stride};
      tiles[blocks.size(i) - 1]({.depth = depth,
                                 .a = a.data + row * a.stride + first,
                                 .a_stride = a.stride,
                                 .b = b + first * b_stride,
                                 .b_stride = b_stride,
                                 .c = to,
                                 .c_stride = c.stride,
                                 .width = c.cols,
                                 .start = from.data,
                                 .start_stride = from.stride,
                                 .c_ahead = i + 1 < blocks.parts ? to + blocks.size(i) * c.stride : c.data + b_stride,
                                 .ahead = streams ? ahead + i * 2 * ahead_step * (depth / kernels.steps) : nullptr,
                                 .ahead_step = ahead_step});
    }
  }
}

constexpr Index least_rows_of_thread = 4;
// Packed weights that every thread can have in a second-level cache of its own.
constexpr Index shared_weights_bytes = 768 * 1024;

/// Threads share out the rows of a small product rather than the panels: what a row becomes stays with the thread that
/// goes on with it (row_local.h).
template <Scalar T>
bool by_rows(const GemmKernels<T>& kernels, const Panels& panels, Index rows, Index depth, Index team) {
  const Index weights = depth * panels.padded_cols() * static_cast<Index>(sizeof(T));
  return rows > kernels.packed_rows &&
         (panels.count() < team || (weights <= shared_weights_bytes && rows >= team * least_rows_of_thread));
}

/// A product in parts: so many rows of A and so much of the depth are multiplied with all panels before the next ones.
struct Blocking {
  Split rows;
  Split depth;
};

template <Scalar T>
Blocking blocking(const GemmKernels<T>& kernels, Index rows, Index depth, const Panels& panels) {
  const Index fitting = std::max(left_bytes() / static_cast<Index>(sizeof(T)) / std::min(depth, least_depth), Index{1});
  const Index team = useful_threads(rows, 2 * depth * panels.padded_cols());
  const bool divided = by_rows(kernels, panels, rows, depth, team);
  const Split blocks(rows, divided ? std::min(fitting, (rows + team - 1) / team) : fitting);
  const Index most_depth = left_bytes() / static_cast<Index>(sizeof(T)) / std::max(blocks.size(0), Index{1});
  return {blocks, Split(depth, std::max(most_depth, least_depth))};
}

/// The order of the panels of B in one product. Weights that do not stay in the cache are walked through forwards and
/// backwards in turn, by each thread in its own share of them: so every time step begins with what the one before had
/// last.
struct PanelOrder {
  Index panels;
  Index team;
  bool backwards;

  [[nodiscard]] Index at(Index i) const {
    if (!backwards) return i;
    const Index member = ((i + 1) * team - 1) / panels;
    return member * panels / team + (member + 1) * panels / team - 1 - i;
  }
};

template <Scalar T>
void multiply_packed(const GemmKernels<T>& kernels, MatrixView<const T> a, const T* b, const Panels& panels,
                     MatrixView<T> c, Start<T> start, bool backwards) {
  const bool cached = panels.padded_cols() * a.cols * static_cast<Index>(sizeof(T)) <= cached_weights_bytes();
  if (cached && a.rows <= kernels.packed_rows &&
      useful_threads(panels.count(), 2 * a.cols * a.rows * panels.lanes * kernels.max_vectors) <= 1)
    return multiply_few_rows(kernels, a, b, panels, c, start);
  const Blocking blocks = blocking(kernels, a.rows, a.cols, panels);
  const Index jobs = blocks.rows.parts * panels.count();
  const bool whole = blocks.rows.parts * blocks.depth.parts == 1;
  for (Index d = 0; d < blocks.depth.parts; ++d) {
    const Index first = blocks.depth.begin(d);
    const Index depth = blocks.depth.size(d);
    const Start<T> from = d == 0 ? start : Start<T>{c.data, c.stride};
    const auto panel = [&](Index p) { return b + panels.begin(p) * a.cols + first * panels.padded_width(p); };
    const Index work = 2 * depth * blocks.rows.size(0) * panels.lanes * kernels.max_vectors;
    const PanelOrder order{panels.count(), useful_threads(jobs, work), backwards && !cached && whole};
    parallel_for(jobs, work, [&](Index job) {
      const Index i = job % panels.count();
      const Index p = order.at(i);
      const Index row = blocks.rows.begin(job / panels.count());
      const Index rows = blocks.rows.size(job / panels.count());
      // After the last panel comes the first one, or this one, of the next time step.
      const Index next = i + 1 < panels.count() ? order.at(i + 1) : whole ? p : 0;
      multiply_panel(kernels, a.middle_rows(row, rows).middle_cols(first, depth), panel(p), panels.vectors.size(p),
                     c.middle_rows(row, rows).middle_cols(panels.begin(p), panels.width(p)),
                     from.at(row, panels.begin(p)), cached ? nullptr : panel(next));
    });
  }
}

template <Scalar T>
void set_zero(MatrixView<T> c) {
  for (Index i = 0; i < c.rows; ++i) std::fill_n(c.data + i * c.stride, c.cols, T{0});
}

template <Scalar T>
void check(MatrixView<const T> a, const PackedMatrix<T>& b, MatrixView<T> c) {
  require(
      a.cols == b.rows() && c.rows == a.rows && c.cols == b.cols(),
      "multiply: [{}, {}] times packed [{}, {}] into [{}, {}]: the inner sizes, the rows and the columns must agree",
      a.rows, a.cols, b.rows(), b.cols(), c.rows, c.cols);
}

}  // namespace

}  // namespace detail

using detail::GemmDriver;

GemmWorkspace::GemmWorkspace(GemmTarget target) : target_(target) {
  static_cast<void>(detail::gemm_kernels<float>(target));
}

template <Scalar T>
PackedMatrix<T>::PackedMatrix(GemmTarget target) : kernels_(&detail::gemm_kernels<T>(target)) {}

template <Scalar T>
void PackedMatrix<T>::pack(MatrixView<const T> b, bool transpose) {
  rows_ = transpose ? b.cols : b.rows;
  cols_ = transpose ? b.rows : b.cols;
  if (empty()) return;
  panels_ = detail::Panels(*kernels_, cols_);
  detail::pack_panels(*kernels_, b, transpose, panels_, buffer_.reserve<T>(rows_ * panels_.padded_cols()));
}

template <Scalar T>
void multiply(MatrixView<const T> a, const PackedMatrix<T>& b, MatrixView<T> c, bool accumulate) {
  detail::check(a, b, c);
  if (c.rows == 0 || c.cols == 0) return;
  if (a.cols == 0) {
    if (!accumulate) detail::set_zero(c);
    return;
  }
  detail::multiply_packed(GemmDriver::kernels(b), a, GemmDriver::data(b), GemmDriver::panels(b), c,
                          detail::start(c, accumulate), GemmDriver::turn(b));
}

template <Scalar T>
void multiply(MatrixView<const T> a, const PackedMatrix<T>& b, MatrixView<T> c, std::span<const T> bias) {
  detail::check(a, b, c);
  require(static_cast<Index>(bias.size()) == c.cols, "multiply: a bias of {} numbers for {} columns", bias.size(),
          c.cols);
  if (c.rows == 0 || c.cols == 0) return;
  if (a.cols == 0) {
    for (Index i = 0; i < c.rows; ++i) std::copy(bias.begin(), bias.end(), c.data + i * c.stride);
    return;
  }
  detail::multiply_packed(GemmDriver::kernels(b), a, GemmDriver::data(b), GemmDriver::panels(b), c,
                          detail::Start<T>{bias.data(), 0}, GemmDriver::turn(b));
}

template <Scalar T>
void multiply(MatrixView<const T> a, bool transpose_a, MatrixView<const T> b, bool transpose_b, MatrixView<T> c,
              bool accumulate, GemmWorkspace& workspace) {
  const Index m = transpose_a ? a.cols : a.rows;
  const Index k = transpose_a ? a.rows : a.cols;
  const Index n = transpose_b ? b.rows : b.cols;
  require(k == (transpose_b ? b.cols : b.rows) && c.rows == m && c.cols == n,
          "multiply: [{}, {}]{} times [{}, {}]{} into [{}, {}]: the inner sizes, the rows and the columns must agree",
          a.rows, a.cols, transpose_a ? " transposed" : "", b.rows, b.cols, transpose_b ? " transposed" : "", c.rows,
          c.cols);
  if (m == 0 || n == 0) return;
  if (!accumulate && (k == 0 || (transpose_a && !transpose_b))) detail::set_zero(c);
  if (k == 0) return;
  if (transpose_a && !transpose_b) {
    const RowsPair<T> pair{a, b};
    multiply_transposed(std::span<const RowsPair<T>>(&pair, 1), c, workspace);
    return;
  }
  const auto& kernels = detail::gemm_kernels<T>(workspace.target());
  if (transpose_a) {
    T* const rows = GemmDriver::transposed(workspace).template reserve<T>(m * k);
    kernels.transpose_panel(a.data, a.stride, m, k, rows, k);
    a = {rows, m, k};
  }
  const detail::Panels panels(kernels, n);
  T* const packed = GemmDriver::right(workspace).template reserve<T>(k * panels.padded_cols());
  detail::pack_panels(kernels, b, transpose_b, panels, packed);
  detail::multiply_packed(kernels, a, packed, panels, c, detail::start(c, accumulate), false);
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;
template void multiply(MatrixView<const float>, const PackedMatrix<float>&, MatrixView<float>, bool);
template void multiply(MatrixView<const double>, const PackedMatrix<double>&, MatrixView<double>, bool);
template void multiply(MatrixView<const float>, const PackedMatrix<float>&, MatrixView<float>, std::span<const float>);
template void multiply(MatrixView<const double>, const PackedMatrix<double>&, MatrixView<double>,
                       std::span<const double>);
template void multiply(MatrixView<const float>, bool, MatrixView<const float>, bool, MatrixView<float>, bool,
                       GemmWorkspace&);
template void multiply(MatrixView<const double>, bool, MatrixView<const double>, bool, MatrixView<double>, bool,
                       GemmWorkspace&);

}  // namespace recur
