#pragma once

#include <recur/framework/tensor/dtype.h>
#include <recur/framework/tensor/shape.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace recur {

/// Four random words from a 128-bit counter and a 64-bit key: Philox4x32 with 10 rounds (Salmon et al., "Parallel random
/// numbers: as easy as 1, 2, 3", SC 2011). A pure function: no state.
[[nodiscard]] std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                      std::array<std::uint32_t, 2> key);

/// Random numbers that are the same on every machine for a given seed (those of `normal` up to the last bit of the
/// maths library), and whose whole state is three numbers: save them, and a run resumes bit for bit.
class Generator {
 public:
  /// All there is to know about a generator. `position` counts the 32-bit words drawn so far.
  struct State {
    std::uint64_t seed = 0;
    std::uint64_t stream = 0;
    std::uint64_t position = 0;
    friend bool operator==(const State&, const State&) = default;
  };

  explicit Generator(std::uint64_t seed = 0) : Generator(State{seed, 0, 0}) {}
  /// Continues where the generator that gave `state` stood.
  explicit Generator(State state) : state_(state) {}

  /// An independent generator for one purpose, so that drawing more for one thing does not change another:
  /// `generator.fork("dropout")`, `generator.fork(epoch)`. Depends on seed, stream and id but not on the position: the
  /// same id gives the same generator again.
  [[nodiscard]] Generator fork(std::uint64_t id) const;
  [[nodiscard]] Generator fork(std::string_view name) const;
  [[nodiscard]] const State& state() const { return state_; }

  [[nodiscard]] std::uint32_t next_uint32();
  [[nodiscard]] std::uint64_t next_uint64();
  /// A multiple of 2^-53 in [0, 1).
  [[nodiscard]] double uniform();
  [[nodiscard]] double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Mean 0, standard deviation 1 (Box–Muller).
  [[nodiscard]] double normal();
  /// `normal`, drawn again until it lies within `limit` (> 0) of the mean: 2 is what the Keras initializers use.
  [[nodiscard]] double truncated_normal(double limit = 2.0);
  [[nodiscard]] bool bernoulli(double probability) { return uniform() < probability; }
  /// An integer in [0, n), all equally likely. @throws ValueError for n < 1.
  [[nodiscard]] Index below(Index n);

  /// One value in [0, 1) for each element, made in bulk: for dropout masks. A float takes one word (a multiple of
  /// 2^-24), a double two, as `uniform`.
  void fill_uniform(std::span<float> values);
  void fill_uniform(std::span<double> values);
  /// Standard normal values, two from each Box–Muller pair: other numbers than repeated `normal`, at half the cost.
  void fill_normal(std::span<float> values);
  void fill_normal(std::span<double> values);

  /// Puts the elements in random order (Fisher–Yates).
  template <class T>
  void shuffle(std::span<T> values) {
    for (auto n = static_cast<Index>(values.size()); n > 1; --n)
      std::swap(values[static_cast<std::size_t>(n - 1)], values[static_cast<std::size_t>(below(n))]);
  }
  template <class T>
  void shuffle(std::vector<T>& values) {
    shuffle(std::span<T>(values));
  }
  /// The numbers 0 … n-1 in random order. @throws ValueError for a negative n.
  [[nodiscard]] std::vector<Index> permutation(Index n);

 private:
  void load_block();
  void fill_words(std::span<std::uint32_t> words);

  State state_;
  std::array<std::uint32_t, 4> block_{};            // the words of the current counter value …
  std::uint64_t block_number_ = ~std::uint64_t{0};  // … which is this one
};

}  // namespace recur
