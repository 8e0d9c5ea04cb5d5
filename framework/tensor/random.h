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

/// Four random words from a 128-bit counter and a 64-bit key: Philox4x32 with 10 rounds (Salmon et al., "Parallel
/// random numbers: as easy as 1, 2, 3", SC 2011). A pure function: no state.
[[nodiscard]] std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                      std::array<std::uint32_t, 2> key);

/// Random numbers that are equal on every machine for a given seed (`normal` up to the last bit of the maths library).
/// The whole state is three numbers: save them to resume bit for bit.
class Generator {
 public:
  /// The whole state of a generator. `position` counts the 32-bit words drawn so far.
  struct State {
    std::uint64_t seed = 0;
    std::uint64_t stream = 0;
    std::uint64_t position = 0;
    friend bool operator==(const State&, const State&) = default;
  };

  explicit Generator(std::uint64_t seed = 0) : Generator(State{seed, 0, 0}) {}
  /// Makes a generator that continues from `state`.
  explicit Generator(State state) : state_(state) {}

  /// Returns an independent generator for one purpose, `generator.fork("dropout")` or `generator.fork(epoch)`, so that
  /// drawing more for one purpose does not change another. It depends on seed, stream and id but not on the position:
  /// equal ids give equal generators.
  [[nodiscard]] Generator fork(std::uint64_t id) const;
  [[nodiscard]] Generator fork(std::string_view name) const;
  [[nodiscard]] const State& state() const { return state_; }

  /// Draw random bits.
  [[nodiscard]] std::uint32_t next_uint32();
  [[nodiscard]] std::uint64_t next_uint64();
  /// Draws a multiple of 2^-53 in [0, 1).
  [[nodiscard]] double uniform();
  [[nodiscard]] double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Draws from the normal distribution with mean 0 and standard deviation 1 (Box–Muller).
  [[nodiscard]] double normal();
  /// Draws `normal` until it lies within `limit` (> 0) of the mean. Keras's initializers use 2.
  [[nodiscard]] double truncated_normal(double limit = 2.0);
  [[nodiscard]] bool bernoulli(double probability) { return uniform() < probability; }
  /// Draws an integer in [0, n), all equally likely. Throws ValueError if n < 1.
  [[nodiscard]] Index below(Index n);

  /// Fills `values` with numbers in [0, 1), for dropout masks. A float takes one word (a multiple of 2^-24), a double
  /// two words, as `uniform` does.
  void fill_uniform(std::span<float> values);
  void fill_uniform(std::span<double> values);
  /// Fills `values` with standard normal numbers, two from each Box–Muller pair: not those that `normal` draws.
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
  /// Returns the numbers 0 … n-1 in random order. Throws ValueError if n is negative.
  [[nodiscard]] std::vector<Index> permutation(Index n);

 private:
  void load_block();
  void fill_words(std::span<std::uint32_t> words);

  State state_;
  std::array<std::uint32_t, 4> block_{};            // the words of the current counter value …
  std::uint64_t block_number_ = ~std::uint64_t{0};  // … which is this one
};

}  // namespace recur
