#pragma once

#include <recur/train/views/view.h>

namespace recur::views {

/// A view whose elements are `f(element)`, computed when they are asked for.
template <Dataset D, class F>
class Map : public View<D> {
 public:
  Map(D&& data, F function) : View<D>(std::forward<D>(data)), function_(std::move(function)) {}

  [[nodiscard]] Index size() const { return this->base_size(); }
  [[nodiscard]] auto operator[](Index index) const {
    detail::require_element("map", index, size());
    return function_(this->base(index));
  }

 private:
  F function_;
};

/// Applies `f` to each element: `map(images, [](Example e) { for (float& v : e.inputs.values()) v /= 255; return e;
/// })`. `f` must depend on the element only. For random changes see `map_randomly`.
template <Dataset D, class F>
[[nodiscard]] Map<D, F> map(D&& data, F function) {
  return {std::forward<D>(data), std::move(function)};
}

}  // namespace recur::views
