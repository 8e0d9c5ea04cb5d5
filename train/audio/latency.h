#pragma once

#include <recur/framework/tensor/shape.h>

#include <span>
#include <utility>

namespace recur {

/// How much later one signal has what another has.
struct Latency {
  Index samples = 0;       ///< Below 0: the second signal comes first.
  double correlation = 0;  ///< At that lag, from -1 to 1; negative if the second signal is inverted.
};

/// A signal and what a device made of it.
using SignalPair = std::pair<std::span<const float>, std::span<const float>>;

/// Finds the lag in [-most, most] at which the second signals of all pairs are most like the first ones, up to sign:
/// the largest absolute value of their cross-correlation, which is computed by FFT over the loudest 2²⁰ samples of each
/// pair. Throws ValueError without pairs, for a negative `most`, and if one side is silent in all pairs.
[[nodiscard]] Latency find_latency(std::span<const SignalPair> pairs, Index most);

}  // namespace recur
