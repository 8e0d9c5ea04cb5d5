#pragma once

#include <recur/train/views/view.h>

namespace recur::views {

/// A view of the elements of one data set and then of a second one.
template <Dataset First, Dataset Second>
  requires std::same_as<Element<First>, Element<Second>>
class Concatenate : public View<First> {
 public:
  Concatenate(First&& first, Second&& second)
      : View<First>(std::forward<First>(first)), second_(std::forward<Second>(second)) {}

  [[nodiscard]] Index size() const { return this->base_size() + second_.size(); }
  [[nodiscard]] Element<First> operator[](Index index) const {
    detail::require_element("concatenate", index, size());
    const Index first = this->base_size();
    if (index < first) return this->base(index);
    return std::as_const(second_)[index - first];
  }
  void start_epoch(Index epoch) {
    View<First>::start_epoch(epoch);
    views::start_epoch(second_, epoch);
  }

 private:
  Second second_;
};

/// Appends `b` to `a`: `concatenate(real, made_up)`. For three: `concatenate(concatenate(a, b), c)`.
template <Dataset First, Dataset Second>
[[nodiscard]] Concatenate<First, Second> concatenate(First&& first, Second&& second) {
  return {std::forward<First>(first), std::forward<Second>(second)};
}

}  // namespace recur::views
