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

  /// Returns the mean squared error of the best forecast of the next value.
  [[nodiscard]] double floor() const { return noise * noise; }
};

/// Draws `length` values of the oscillation, after its start from zero has died away. Throws ValueError if the length
/// is negative, the radius is outside [0, 1), or the period or noise is not positive.
[[nodiscard]] std::vector<double> autoregression(Index length, const AutoregressionOptions& options,
                                                 Generator& generator);

}  // namespace recur::samples
