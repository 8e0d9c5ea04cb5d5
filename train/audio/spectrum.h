#pragma once

#include <recur/framework/tensor/shape.h>

#include <span>
#include <vector>

namespace recur {

/// Mean power of a signal at the frequencies k · rate / size, k = 0 … size / 2, by windows of `size` samples which
/// overlap by half, each under a Hann window (Welch 1967). A sine of amplitude 1 at one of these frequencies has a
/// power of 1/2 there. A signal that is shorter than a window is padded with zeros. Throws ValueError unless `size` is
/// a power of 2 of at least 2.
[[nodiscard]] std::vector<double> power_spectrum(std::span<const float> signal, Index size = 2048);

}  // namespace recur
