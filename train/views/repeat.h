#pragma once

#include <recur/framework/tensor/error.h>
#include <recur/train/views/view.h>

#include <limits>

namespace recur::views {

/// A view that has all elements of a data set several times.
template <Dataset D>
class Repeat : public View<D> {
 public:
  Repeat(D&& data, Index times) : View<D>(std::forward<D>(data)), times_(times) {
    require<ValueError>(times >= 0, "repeat: {} times", times);
    require<ValueError>(times == 0 || this->base_size() <= std::numeric_limits<Index>::max() / times,
                        "repeat: {} times {} elements are too many", times, this->base_size());
  }

  [[nodiscard]] Index size() const { return times_ * this->base_size(); }
  [[nodiscard]] decltype(auto) operator[](Index index) const {
    detail::require_element("repeat", index, size());
    return this->base(index % this->base_size());
  }

 private:
  Index times_;
};

/// Repeats a small data set, so that an epoch is longer: `repeat(data, 3)`. Shuffle the result, not the data, to
/// shuffle across repetitions. Throws ValueError if the number is negative.
template <Dataset D>
[[nodiscard]] Repeat<D> repeat(D&& data, Index times) {
  return {std::forward<D>(data), times};
}

}  // namespace recur::views
