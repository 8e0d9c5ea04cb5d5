#pragma once

#include <recur/framework/tensor/error.h>
#include <recur/train/views/view.h>

#include <algorithm>

namespace recur::views {

/// A view of consecutive elements.
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

/// Returns `count` elements from `first` on: `slice(data, 100, 20)` has elements 100 to 119. Throws ValueError if they
/// are not all there.
template <Dataset D>
[[nodiscard]] Slice<D> slice(D&& data, Index first, Index count) {
  return {std::forward<D>(data), first, count};
}
/// Returns the first `count` elements; all if there are fewer. Throws ValueError if `count` is negative.
template <Dataset D>
[[nodiscard]] Slice<D> take(D&& data, Index count) {
  const Index size = data.size();
  return {std::forward<D>(data), 0, std::min(count, size)};
}
/// Returns all elements but the first `count`. Throws ValueError if `count` is negative.
template <Dataset D>
[[nodiscard]] Slice<D> skip(D&& data, Index count) {
  require<ValueError>(count >= 0, "skip: the count {} is negative", count);
  const Index size = data.size();
  return {std::forward<D>(data), std::min(count, size), size - std::min(count, size)};
}

}  // namespace recur::views
