#pragma once

#include <recur/train/views/view.h>

namespace recur::views {

/// A function of every element, called when it is asked for.
template <Dataset D, class F>
class Map : public View<D> {
 public:
  Map(D&& data, F function) : View<D>(std::forward<D>(data)), function_(std::move(function)) {}

  [[nodiscard]] Index size() const { return this->base_size(); }
  [[nodiscard]] auto operator[](Index index) const { return function_(this->base(index)); }

 private:
  F function_;
};

/// `map(images, [](Example e) { for (float& v : e.inputs.values()) v /= 255; return e; })`. The function must depend on the element
/// alone; for random changes see `map_randomly`.
template <Dataset D, class F>
[[nodiscard]] Map<D, F> map(D&& data, F function) {
  return {std::forward<D>(data), std::move(function)};
}

}  // namespace recur::views
