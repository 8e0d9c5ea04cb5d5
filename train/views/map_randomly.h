#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/views/view.h>

namespace recur::views {

/// A view whose elements are `f(element, generator)`. The generator is seeded from (seed, epoch, index), so results are
/// reproducible and differ between epochs.
template <Dataset D, class F>
class MapRandomly : public View<D> {
 public:
  MapRandomly(D&& data, std::uint64_t seed, F function)
      : View<D>(std::forward<D>(data)), seed_(seed), function_(std::move(function)) {}

  [[nodiscard]] Index size() const { return this->base_size(); }
  [[nodiscard]] auto operator[](Index index) const {
    detail::require_element("map_randomly", index, size());
    Generator generator = seed_.fork(static_cast<std::uint64_t>(epoch_)).fork(static_cast<std::uint64_t>(index));
    return function_(this->base(index), generator);
  }
  void start_epoch(Index epoch) {
    epoch_ = epoch;
    View<D>::start_epoch(epoch);
  }

 private:
  Generator seed_;
  F function_;
  Index epoch_ = 0;
};

/// Applies `f(element, generator)` to each element. Noise on the inputs: `map_randomly(series, 1, [](Example e,
/// Generator& g) { for (float& v : e.inputs.values()) v += 0.1F * static_cast<float>(g.normal()); return e; })`.
template <Dataset D, class F>
[[nodiscard]] MapRandomly<D, F> map_randomly(D&& data, std::uint64_t seed, F function) {
  return {std::forward<D>(data), seed, std::move(function)};
}

}  // namespace recur::views
