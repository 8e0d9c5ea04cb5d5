#include <recur/framework/tensor/shape.h>

#include <algorithm>
#include <limits>

namespace recur {
Shape::Shape(std::span<const Index> sizes) : rank_(static_cast<Index>(sizes.size())) {
  require(sizes.size() <= max_rank, "Shape: {} axes given, at most {} are supported", sizes.size(), max_rank);
  for (std::size_t i = 0; i < sizes.size(); ++i) sizes_[place(0) + i] = sizes[i];
  check();
}

void Shape::check_product() const {
  constexpr Index largest_count = std::numeric_limits<Index>::max() / 16;  // of the largest element, Dual
  Index product = 1;
  for (const Index size : sizes_) {
    if (size < 0) fail<ShapeError>("Shape: negative size in {}", *this);
    const Index factor = std::max<Index>(size, 1);
    if (factor > largest_count / product) fail<ShapeError>("Shape: {} is too large", *this);
    product *= factor;
  }
}

void Shape::refuse(int axis) const { fail<ShapeError>("Shape: axis {} of {}, which has {} axes", axis, *this, rank_); }

Shape Shape::without(int axis) const {
  const int dropped = normalize(axis);
  Shape result;
  result.rank_ = rank_ - 1;
  for (int i = 0; i < result.rank_; ++i) result.sizes_[result.place(i)] = sizes_[place(i < dropped ? i : i + 1)];
  return result;
}

Shape Shape::inserted(int axis, Index size) const {
  const int at = axis < 0 ? axis + rank() + 1 : axis;
  require(at >= 0 && at <= rank_ && rank_ < max_rank, "Shape: cannot insert axis {} into {}", axis, *this);
  Shape result;
  result.rank_ = rank_ + 1;
  for (int i = 0; i < result.rank_; ++i)
    result.sizes_[result.place(i)] = i == at ? size : sizes_[place(i < at ? i : i - 1)];
  result.check();
  return result;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (const Index size : shape.sizes()) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(size);
  }
  return text + "]";
}

}  // namespace recur
