#include <recur/framework/shape.h>

#include <algorithm>

namespace recur {

Shape::Shape(std::span<const Index> sizes) : rank_(static_cast<Index>(sizes.size())) {
  require(sizes.size() <= max_rank, "Shape: {} axes given, at most {} are supported", sizes.size(), max_rank);
  Index least = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    sizes_[i] = sizes[i];
    least = std::min(least, sizes[i]);
  }
  if (least < 0) fail<ShapeError>("Shape: negative size in {}", *this);
}

void Shape::refuse(int axis) const { fail<ShapeError>("Shape: axis {} of {}, which has {} axes", axis, *this, rank_); }

Shape Shape::without(int axis) const {
  Shape result;
  for (int i = 0, dropped = normalize(axis); i < rank_; ++i)
    if (i != dropped) result.sizes_[static_cast<std::size_t>(result.rank_++)] = sizes_[static_cast<std::size_t>(i)];
  return result;
}

Shape Shape::inserted(int axis, Index size) const {
  const int at = axis < 0 ? axis + rank() + 1 : axis;
  require(at >= 0 && at <= rank_ && rank_ < max_rank, "Shape: cannot insert axis {} into {}", axis, *this);
  Shape result;
  for (int i = 0; i <= rank_; ++i) {
    if (i == at) result.sizes_[static_cast<std::size_t>(result.rank_++)] = size;
    if (i < rank_) result.sizes_[static_cast<std::size_t>(result.rank_++)] = sizes_[static_cast<std::size_t>(i)];
  }
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
