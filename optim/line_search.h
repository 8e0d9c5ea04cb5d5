#pragma once

#include <recur/framework/tensor/shape.h>

#include <functional>
#include <vector>

namespace recur::optim {

/// A point on a line: distance from the start, loss, gradient, and slope along the line.
struct LinePoint {
  double length = 0;
  double loss = 0;
  std::vector<double> gradient;
  double slope = 0;
};

struct LineSearchOptions {
  double sufficient_decrease = 1e-4;  ///< of the loss, as part of what the slope at the start promises
  double curvature = 0.9;             ///< part of the slope that may be left (strong Wolfe)
  double tolerance_change = 1e-9;     ///< shortest bracket times steepest element of the direction
  Index max_evaluations = 25;
};

/// Computes the point at a distance.
using AlongLine = std::function<LinePoint(double length)>;

/// A point with sufficient decrease and a small slope, or the lowest that was found: brackets one, then narrows the
/// bracket by cubic interpolation (Nocedal and Wright 2006, algorithms 3.5 and 3.6, safeguarded as in Schmidt's
/// minFunc).
/// @param start at length 0, with a negative slope @param first length to try @param steepest largest element of the
/// direction
[[nodiscard]] LinePoint strong_wolfe(const AlongLine& at, const LinePoint& start, double first, double steepest,
                                     const LineSearchOptions& options = {});

/// Returns the first of the points at `first`, `first` / 2, `first` / 4 … whose loss has decreased sufficiently; the
/// start if there is none.
[[nodiscard]] LinePoint backtracking(const AlongLine& at, const LinePoint& start, double first,
                                     const LineSearchOptions& options = {});

}  // namespace recur::optim
