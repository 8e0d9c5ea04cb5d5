#pragma once

#include <recur/train/views/view.h>

#include <vector>

namespace recur::views {

/// A view of chosen elements in a given order.
template <Dataset D>
class Select : public View<D> {
 public:
  /// Throws ValueError if a number is outside [0, size()) of the data.
  Select(D&& data, std::vector<Index> numbers) : View<D>(std::forward<D>(data)), numbers_(std::move(numbers)) {
    for (const Index number : numbers_) detail::require_element("select", number, this->base_size());
  }

  [[nodiscard]] Index size() const { return static_cast<Index>(numbers_.size()); }
  [[nodiscard]] decltype(auto) operator[](Index index) const {
    detail::require_element("select", index, size());
    return this->base(numbers_[static_cast<std::size_t>(index)]);
  }

 private:
  std::vector<Index> numbers_;
};

/// Chooses elements by number; numbers may repeat: `select(data, {4, 0, 4})`. Throws ValueError if a number is outside
/// [0, size()).
template <Dataset D>
[[nodiscard]] Select<D> select(D&& data, std::vector<Index> numbers) {
  return {std::forward<D>(data), std::move(numbers)};
}

}  // namespace recur::views
