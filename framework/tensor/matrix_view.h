#pragma once

#include <recur/framework/tensor/shape.h>

#include <cassert>
#include <span>
#include <type_traits>

namespace recur {

/// A row-major matrix in memory that it does not own: `rows` rows of `cols` adjacent elements, `stride` elements from
/// one row to the next. `MatrixView<const T>` is read-only.
template <class T>
struct MatrixView {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index stride = 0;

  MatrixView() = default;
  MatrixView(T* data_, Index rows_, Index cols_, Index stride_)
      : data(data_), rows(rows_), cols(cols_), stride(stride_) {}
  MatrixView(T* data_, Index rows_, Index cols_) : MatrixView(data_, rows_, cols_, cols_) {}
  /// Converts a writable view to a read-only view.
  template <class U>
    requires(std::is_same_v<const U, T>)
  // NOLINTNEXTLINE(google-explicit-constructor): like T* to const T*.
  MatrixView(MatrixView<U> other) : MatrixView(other.data, other.rows, other.cols, other.stride) {}

  [[nodiscard]] T& operator()(Index row, Index col) const {
    assert(row >= 0 && row < rows && col >= 0 && col < cols);
    return data[row * stride + col];
  }
  /// Returns the elements of a row.
  [[nodiscard]] std::span<T> row(Index r) const {
    assert(r >= 0 && r < rows);
    return {data + r * stride, static_cast<std::size_t>(cols)};
  }
  /// Return views of rows, and of columns, `[first, first + count)`.
  [[nodiscard]] MatrixView middle_rows(Index first, Index count) const {
    assert(first >= 0 && count >= 0 && first + count <= rows);
    return {data + first * stride, count, cols, stride};
  }
  [[nodiscard]] MatrixView middle_cols(Index first, Index count) const {
    assert(first >= 0 && count >= 0 && first + count <= cols);
    return {data + first, rows, count, stride};
  }
  [[nodiscard]] bool contiguous() const { return stride == cols || rows <= 1; }
};

}  // namespace recur
