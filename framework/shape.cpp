#include <recur/framework/shape.h>

#include <algorithm>

namespace recur {

Shape::Shape(std::span<const Index> sizes) : rank_(static_cast<int>(sizes.size())) {
  require(sizes.size() <= max_rank, "Shape: {} axes given, at most {} are supported", sizes.size(), max_rank);
  std::copy(sizes.begin(), sizes.end(), sizes_.begin());
  require(std::all_of(sizes.begin(), sizes.end(), [](Index size) { return size >= 0; }), "Shape: negative size in {}",
          *this);
}

int Shape::normalize(int axis) const {
  const int positive = axis < 0 ? axis + rank_ : axis;
  require(positive >= 0 && positive < rank_, "Shape: axis {} of {}, which has {} axes", axis, *this, rank_);
  return positive;
}

Shape Shape::with(int axis, Index size) const {
  Shape result = *this;
  result.sizes_[static_cast<std::size_t>(normalize(axis))] = size;
  return result;
}

Shape Shape::without(int axis) const {
  Shape result;
  for (int i = 0, dropped = normalize(axis); i < rank_; ++i)
    if (i != dropped) result.sizes_[static_cast<std::size_t>(result.rank_++)] = sizes_[static_cast<std::size_t>(i)];
  return result;
}

Shape Shape::inserted(int axis, Index size) const {
  const int at = axis < 0 ? axis + rank_ + 1 : axis;
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
