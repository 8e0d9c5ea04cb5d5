#pragma once

#if __cplusplus < 202002L
#error "Recur needs C++20: compile with -std=c++20"
#endif

#include <recur/framework/tensor/error.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

namespace recur {

/// Type of sizes and indices. Signed, so that differences and reversed loops need no casts.
using Index = std::ptrdiff_t;

/// The sizes of an array's axes, outermost first: `[time, batch, features]`. A scalar has none.
class Shape {
 public:
  static constexpr int max_rank = 5;

  constexpr Shape() = default;
  /// Throws ShapeError if a size is negative, there are more than `max_rank` axes, or their product (0 counted as 1) is
  /// more than 2^59. Products of sizes then overflow in no order, nor do products with the bytes of an element.
  Shape(std::initializer_list<Index> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}
  explicit Shape(std::span<const Index> sizes);

  [[nodiscard]] constexpr int rank() const { return static_cast<int>(rank_); }
  /// Returns the size of one axis; negative axes count from the last. Throws ShapeError if there is no such axis.
  [[nodiscard]] Index operator[](int axis) const { return sizes_[place(normalize(axis))]; }
  /// Returns `axis` as a number from 0; negative axes count from the last. Throws ShapeError if there is no such axis.
  [[nodiscard]] int normalize(int axis) const {
    const int positive = axis < 0 ? axis + rank() : axis;
    if (positive < 0 || positive >= rank_) [[unlikely]]
      refuse(axis);
    return positive;
  }
  /// Returns the number of elements; 1 for a scalar.
  [[nodiscard]] constexpr Index count() const { return rows() * cols(); }
  /// Return the sizes of the array as a matrix: the last axis is columns, all others are rows. A scalar has one each.
  [[nodiscard]] constexpr Index cols() const { return sizes_[max_rank - 1]; }
  [[nodiscard]] constexpr Index rows() const { return sizes_[0] * sizes_[1] * sizes_[2] * sizes_[3]; }
  /// Makes the shape of a matrix without checks.
  [[nodiscard]] static constexpr Shape matrix(Index rows, Index cols) {
    Shape shape;
    shape.sizes_[max_rank - 2] = rows;
    shape.sizes_[max_rank - 1] = cols;
    shape.rank_ = 2;
    return shape;
  }
  /// Changes the size of the last axis. The shape must have one.
  constexpr void set_cols(Index cols) { sizes_[max_rank - 1] = cols; }
  [[nodiscard]] std::span<const Index> sizes() const { return std::span(sizes_).last(static_cast<std::size_t>(rank_)); }
  /// Changes the size of one axis. Throws ShapeError if there is no such axis or the size is not valid.
  void resize(int axis, Index size) {
    sizes_[place(normalize(axis))] = size;
    check();
  }
  /// Returns a copy with another size of one axis.
  [[nodiscard]] Shape with(int axis, Index size) const {
    Shape result = *this;
    result.resize(axis, size);
    return result;
  }
  /// A copy with `axis` left out, and one with an axis put in before position `axis`.
  [[nodiscard]] Shape without(int axis) const;
  [[nodiscard]] Shape inserted(int axis, Index size) const;

  friend constexpr bool operator==(const Shape& a, const Shape& b) {
    const auto same = [&](std::size_t i) { return a.sizes_[i] == b.sizes_[i]; };
    return a.rank_ == b.rank_ && same(4) && same(3) && same(2) && same(1) && same(0);
  }

 private:
  static_assert(max_rank == 5, "Shape: rows() multiplies all sizes but the last");
  /// Returns the position of an axis in `sizes_`.
  [[nodiscard]] constexpr std::size_t place(int axis) const {
    return static_cast<std::size_t>(max_rank - rank_) + static_cast<std::size_t>(axis);
  }
  [[noreturn]] void refuse(int axis) const;
  // Five sizes below 2^11 are never too many, so that the shapes of every operation need no multiplication. Negative
  // ones have high bits.
  void check() const {
    const auto bits = static_cast<std::size_t>(sizes_[0] | sizes_[1] | sizes_[2] | sizes_[3] | sizes_[4]);
    if (bits >> 11U != 0) check_product();
  }
  void check_product() const;

  // The last ones, with ones before: what is asked at every operation needs no loop.
  std::array<Index, max_rank> sizes_ = {1, 1, 1, 1, 1};
  Index rank_ = 0;  // as wide as the sizes, so that a copy is a few whole registers
};

/// Returns the shape as text: `[32, 50, 128]`.
[[nodiscard]] std::string to_string(const Shape& shape);

}  // namespace recur

template <>
struct fmt::formatter<recur::Shape> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(const recur::Shape& shape, Context& context) const {
    const std::string text = recur::to_string(shape);
    return std::copy(text.begin(), text.end(), context.out());
  }
};
