#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/views/view.h>

namespace recur::views {

/// A data set whose elements are computed when they are asked for, by a function of a random generator. The generator
/// is seeded from (seed, epoch, index).
template <class F>
class Generated {
 public:
  Generated(Index size, std::uint64_t seed, bool fresh, F function)
      : size_(size), seed_(seed), fresh_(fresh), function_(std::move(function)) {
    require<ValueError>(size >= 0, "generate: the size {} is negative", size);
  }

  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] auto operator[](Index index) const {
    detail::require_element("generate", index, size_);
    Generator generator = seed_.fork(static_cast<std::uint64_t>(epoch_)).fork(static_cast<std::uint64_t>(index));
    return function_(generator);
  }
  void start_epoch(Index epoch) {
    if (fresh_) epoch_ = epoch;
  }

 private:
  Index size_;
  Generator seed_;
  bool fresh_;
  F function_;
  Index epoch_ = 0;
};

/// Makes a data set with new elements in each epoch: `generate(1000, 7, [](Generator& g) { return adding_problem(50,
/// 100, g); })`. Throws ValueError if the size is negative.
template <class F>
[[nodiscard]] Generated<F> generate(Index size, std::uint64_t seed, F function) {
  return {size, seed, true, std::move(function)};
}
/// Makes a data set with equal elements in all epochs, for validation and test. Throws ValueError if the size is
/// negative.
template <class F>
[[nodiscard]] Generated<F> generate_once(Index size, std::uint64_t seed, F function) {
  return {size, seed, false, std::move(function)};
}

}  // namespace recur::views
