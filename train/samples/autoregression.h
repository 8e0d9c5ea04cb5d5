#pragma once

#include <recur/framework/tensor/random.h>

#include <vector>

namespace recur::samples {

/// A noisy oscillation of second order, x[t] = 2 radius cos(2π / period) x[t-1] - radius² x[t-2] + noise e[t] with
/// normal e.
struct AutoregressionOptions {
  double radius = 0.98;  ///< Share of an oscillation that is left after a step; below 1.
  double period = 20;    ///< Steps.
  double noise = 0.1;    ///< Standard deviation.

  /// The mean squared error of the best forecast of the next value.
  [[nodiscard]] double floor() const { return noise * noise; }
};

/// `length` values of it, once the start from zero is forgotten.
/// @throws ValueError for a negative length, a radius outside [0, 1), a period or noise that is not positive.
[[nodiscard]] std::vector<double> autoregression(Index length, const AutoregressionOptions& options,
                                                 Generator& generator);

}  // namespace recur::samples
