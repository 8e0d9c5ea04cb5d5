#include <recur/optim/line_search.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace recur::optim {
namespace {

bool finite(const LinePoint& point) { return std::isfinite(point.loss) && std::isfinite(point.slope); }

/// Minimum of the cubic through both points with their slopes, cut to [low, high]; the middle if there is none.
double cubic_minimum(const LinePoint& one, const LinePoint& two, double low, double high) {
  const auto [a, b] = one.length <= two.length ? std::pair(&one, &two) : std::pair(&two, &one);
  const double d1 = a->slope + b->slope - 3 * (a->loss - b->loss) / (a->length - b->length);
  const double square = d1 * d1 - a->slope * b->slope;
  if (!(square >= 0)) return (low + high) / 2;
  const double d2 = std::sqrt(square);
  const double at = b->length - (b->length - a->length) * ((b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2));
  return std::isnan(at) ? (low + high) / 2 : std::clamp(at, low, high);
}

class StrongWolfe {
 public:
  StrongWolfe(const AlongLine& at, const LinePoint& start, double steepest, const LineSearchOptions& options)
      : at_(at), start_(start), steepest_(steepest), options_(options) {}

  LinePoint run(double first) {
    LinePoint before = start_;
    LinePoint now = at_(first);
    for (left_ = options_.max_evaluations; left_ > 0; --left_) {
      const bool rising = before.length > 0 && now.loss >= before.loss;
      if (!finite(now) || too_high(now) || rising) return narrow(std::move(before), std::move(now));
      if (flat(now)) return now;
      if (now.slope >= 0) return narrow(std::move(before), std::move(now));
      const double low = now.length + 0.01 * (now.length - before.length), high = now.length * 10;
      const double next = cubic_minimum(before, now, low, high);
      before = std::exchange(now, at_(next));
    }
    return best(start_, now);
  }

 private:
  [[nodiscard]] bool too_high(const LinePoint& point) const {
    return point.loss > start_.loss + options_.sufficient_decrease * point.length * start_.slope;
  }
  [[nodiscard]] bool flat(const LinePoint& point) const {
    return std::abs(point.slope) <= -options_.curvature * start_.slope;
  }
  [[nodiscard]] static const LinePoint& best(const LinePoint& one, const LinePoint& two) {
    return !finite(two) || one.loss <= two.loss ? one : two;
  }

  /// Somewhere between both there is a point to be found. `low` is the better one.
  LinePoint narrow(LinePoint low, LinePoint high) {
    if (finite(high) && high.loss < low.loss) std::swap(low, high);
    bool was_near_end = false;
    for (; left_ > 0; --left_) {
      const double left = std::min(low.length, high.length), right = std::max(low.length, high.length);
      if ((right - left) * steepest_ < options_.tolerance_change) break;
      double length = finite(high) ? cubic_minimum(low, high, left, right) : (left + right) / 2;
      // Interpolation that stays near an end of the bracket, or twice near it, makes no progress.
      const double margin = 0.1 * (right - left);
      const bool near_end = std::min(right - length, length - left) < margin;
      if (near_end && (was_near_end || length >= right || length <= left)) {
        length = std::abs(length - right) < std::abs(length - left) ? right - margin : left + margin;
        was_near_end = false;
      } else {
        was_near_end = near_end;
      }
      LinePoint now = at_(length);
      if (!finite(now) || too_high(now) || now.loss >= low.loss) {
        high = std::move(now);
        if (finite(high) && high.loss < low.loss) std::swap(low, high);
        continue;
      }
      if (flat(now)) return now;
      if (now.slope * (high.length - low.length) >= 0) high = std::move(low);
      low = std::move(now);
    }
    return low;
  }

  const AlongLine& at_;
  const LinePoint& start_;
  double steepest_;
  LineSearchOptions options_;
  Index left_ = 0;
};

}  // namespace

LinePoint strong_wolfe(const AlongLine& at, const LinePoint& start, double first, double steepest,
                       const LineSearchOptions& options) {
  return StrongWolfe(at, start, steepest, options).run(first);
}

LinePoint backtracking(const AlongLine& at, const LinePoint& start, double first, const LineSearchOptions& options) {
  double length = first;
  for (Index i = 0; i < options.max_evaluations; ++i, length /= 2) {
    LinePoint now = at(length);
    if (finite(now) && now.loss <= start.loss + options.sufficient_decrease * length * start.slope) return now;
  }
  return start;
}

}  // namespace recur::optim
