#pragma once

#include <recur/framework/tensor/dtype.h>

#include <cmath>
#include <limits>
#include <string>

namespace recur::golden {

/// What came of one reference case in one precision.
struct CaseResult {
  bool passed = true;
  double max_error = 0;  ///< largest error, 1 being the tolerance
  std::string message;   ///< where the first error above the tolerance is
};

/// A value v passes against the expected e when |v - e| <= atol + rtol·|e|.
struct Tolerance {
  double rtol, atol;

  /// The error, 1 being the tolerance; infinite for what is not a number.
  [[nodiscard]] double error(double value, double expected) const {
    const double error = std::abs(value - expected) / (atol + rtol * std::abs(expected));
    return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
  }
};

}  // namespace recur::golden
