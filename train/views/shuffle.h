#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/views/view.h>

#include <vector>

namespace recur::views {

/// A view of all elements in a new order in each epoch.
template <Dataset D>
class Shuffle : public View<D> {
 public:
  static constexpr bool reorders = true;

  Shuffle(D&& data, std::uint64_t seed) : View<D>(std::forward<D>(data)), seed_(seed) { order(0); }

  [[nodiscard]] Index size() const { return static_cast<Index>(order_.size()); }
  [[nodiscard]] decltype(auto) operator[](Index index) const {
    detail::require_element("shuffle", index, size());
    return this->base(order_[static_cast<std::size_t>(index)]);
  }
  /// Shuffles for this epoch. The order depends on the seed and on `epoch` only.
  void start_epoch(Index epoch) {
    View<D>::start_epoch(epoch);
    order(epoch);
  }

 private:
  void order(Index epoch) { order_ = seed_.fork(static_cast<std::uint64_t>(epoch)).permutation(this->base_size()); }

  Generator seed_;
  std::vector<Index> order_;
};

/// Shuffles the elements in each epoch: `shuffle(data, seed)`. Orders depend on the seed and the epoch only.
template <Dataset D>
[[nodiscard]] Shuffle<D> shuffle(D&& data, std::uint64_t seed) {
  return {std::forward<D>(data), seed};
}

}  // namespace recur::views
