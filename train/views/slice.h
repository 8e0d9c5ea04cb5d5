#pragma once

#include <recur/framework/tensor/error.h>
#include <recur/train/views/view.h>

#include <algorithm>

namespace recur::views {

/// Consecutive elements.
template <Dataset D>
class Slice : public View<D> {
 public:
  Slice(D&& data, Index first, Index count) : View<D>(std::forward<D>(data)), first_(first), count_(count) {
    require<ValueError>(first >= 0 && first <= this->base_size() && count >= 0 && count <= this->base_size() - first,
                        "slice: {} elements from {}, there are {}", count, first, this->base_size());
  }

  [[nodiscard]] Index size() const { return count_; }
  [[nodiscard]] decltype(auto) operator[](Index index) const {
    detail::require_element("slice", index, count_);
    return this->base(first_ + index);
  }

 private:
  Index first_;
  Index count_;
};

/// `slice(data, 100, 20)`: elements 100 to 119. @throws ValueError for elements that are not there.
template <Dataset D>
[[nodiscard]] Slice<D> slice(D&& data, Index first, Index count) {
  return {std::forward<D>(data), first, count};
}
/// The first `count` elements; all, if there are fewer. @throws ValueError for a negative count.
template <Dataset D>
[[nodiscard]] Slice<D> take(D&& data, Index count) {
  const Index size = data.size();
  return {std::forward<D>(data), 0, std::min(count, size)};
}
/// All but the first `count` elements. @throws ValueError for a negative count.
template <Dataset D>
[[nodiscard]] Slice<D> skip(D&& data, Index count) {
  require<ValueError>(count >= 0, "skip: the count {} is negative", count);
  const Index size = data.size();
  return {std::forward<D>(data), std::min(count, size), size - std::min(count, size)};
}

}  // namespace recur::views
